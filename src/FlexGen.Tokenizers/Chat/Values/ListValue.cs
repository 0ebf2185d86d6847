namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>A list or a tuple; the sandbox changes neither.</summary>
internal sealed record ListValue(IReadOnlyList<object> Items, bool IsTuple = false)
{
    public static ListValue Tuple(params object[] items) => new(items, IsTuple: true);
}
