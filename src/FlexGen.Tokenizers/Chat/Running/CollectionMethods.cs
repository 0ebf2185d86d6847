using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The methods of dicts, lists and tuples.</summary>
internal static class CollectionMethods
{
    private static readonly string[] ofDicts = ["get", "items", "keys", "values", "copy"];
    private static readonly string[] ofLists = ["index", "count"];
    private static readonly string[] changingDicts = ["clear", "pop", "popitem", "setdefault", "update"];
    private static readonly string[] changingLists = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

    public static IEnumerable<string> Names => [.. ofDicts, .. ofLists, .. changingDicts, .. changingLists];

    /// <summary>Null: the value has no such method.</summary>
    public static Function? Find(object of, string name) => of switch
    {
        DictValue dict when ofDicts.Contains(name) => new Function(name, arguments => OfDict(dict, name, arguments)),
        DictValue when changingDicts.Contains(name) => Refusing(of, name),
        ListValue list when ofLists.Contains(name) => new Function(name, arguments => OfList(list, name, arguments)),
        ListValue { IsTuple: false } list when name == "copy" => new Function(name, arguments => Copy(list, arguments)),
        ListValue { IsTuple: false } when changingLists.Contains(name) => Refusing(of, name),
        _ => null,
    };

    public static IEnumerable<object> Items(DictValue dict) => dict.Items.Select(item => ListValue.Tuple(item.Key, item.Value));

    private static object OfDict(DictValue dict, string name, CallArguments arguments)
    {
        if (name == "get")
        {
            var bound = arguments.Bind(name, 1, "key", "default");
            return dict.Find(bound[0]!) ?? bound[1] ?? None.Value;
        }

        arguments.Bind(name);
        return name switch
        {
            "items" => new ListValue([.. Items(dict)]),
            "keys" => new ListValue([.. dict.Items.Select(item => item.Key)]),
            "values" => new ListValue([.. dict.Items.Select(item => item.Value)]),
            _ => dict,
        };
    }

    // Nothing can change it.
    private static ListValue Copy(ListValue list, CallArguments arguments)
    {
        arguments.Bind("copy");
        return list;
    }

    private static Number OfList(ListValue list, string name, CallArguments arguments)
    {
        var value = arguments.Bind(name, 1, "value")[0]!;
        if (name == "count")
        {
            return Number.Of(list.Items.Count(item => ValueComparer.Instance.Equals(item, value)));
        }

        var at = list.Items.TakeWhile(item => !ValueComparer.Instance.Equals(item, value)).Count();
        return at < list.Items.Count ? Number.Of(at) : throw new TemplateFailure("index() finds nothing");
    }

    // As the sandbox in which transformers runs templates does.
    private static Function Refusing(object of, string name) =>
        new(name, _ => throw new TemplateFailure($"{name}() would change {Kinds.Name(of)}, which a chat template may not: make a new one by + instead"));
}
