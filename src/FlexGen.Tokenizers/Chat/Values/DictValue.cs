namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>A dict, in the order of its keys' first appearance; the sandbox does not change it.</summary>
internal sealed class DictValue
{
    private readonly OrderedDictionary<object, object> items = new(KeyComparer.Instance);

    public DictValue(IEnumerable<KeyValuePair<object, object>> items)
    {
        foreach (var (key, value) in items)
        {
            this.items[RequireKey(key)] = value;
        }
    }

    public IReadOnlyList<KeyValuePair<object, object>> Items => items;

    public object? Find(object key) => items.TryGetValue(RequireKey(key), out var value) ? value : null;

    public object? Find(string key) => Find(Text.OfTemplate(key));

    private static object RequireKey(object key) => key is ListValue { IsTuple: false } or DictValue
        ? throw new TemplateFailure("a dict's key cannot be a list or a dict")
        : key;
}
