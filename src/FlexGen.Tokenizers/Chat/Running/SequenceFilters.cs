using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Filters of lists, dicts and what else has elements.</summary>
internal static class SequenceFilters
{
    public static Dictionary<string, Func<ILibrary, object, CallArguments, object>> All { get; } = new(StringComparer.Ordinal)
    {
        ["length"] = Plain("length", value => Number.Of(Kinds.Length(value))),
        ["count"] = Plain("count", value => Number.Of(Kinds.Length(value))),
        ["first"] = Plain("first", value => Kinds.RequireElements(value).FirstOrDefault() ?? new Undefined("there is no first element")),
        ["last"] = Plain("last", value => Kinds.RequireElements(value).LastOrDefault() ?? new Undefined("there is no last element")),
        ["list"] = Plain("list", value => new ListValue([.. Kinds.RequireElements(value)])),
        ["reverse"] = Plain("reverse", value => value is Text
            ? Slicing.Slice(value, None.Value, None.Value, Number.Of(-1))
            : new Iteration(Kinds.RequireElements(value).Reverse())),
        ["items"] = Plain("items", value => value is Undefined ? new Iteration([]) : new Iteration(CollectionMethods.Items(RequireDict(value, "items")))),
        ["dictsort"] = (_, value, arguments) => DictSort(RequireDict(value, "dictsort"), arguments.Bind("dictsort", "case_sensitive", "by", "reverse")),
        ["sort"] = (library, value, arguments) => Sort(library, value, arguments.Bind("sort", "reverse", "case_sensitive", "attribute")),
        ["unique"] = (library, value, arguments) => Unique(library, value, arguments.Bind("unique", "case_sensitive", "attribute")),
        ["min"] = (library, value, arguments) => Extreme(library, value, arguments.Bind("min", "case_sensitive", "attribute"), isMost: false),
        ["max"] = (library, value, arguments) => Extreme(library, value, arguments.Bind("max", "case_sensitive", "attribute"), isMost: true),
        ["default"] = (_, value, arguments) => Default(value, arguments.Bind("default", "default_value", "boolean")),
        ["d"] = (_, value, arguments) => Default(value, arguments.Bind("d", "default_value", "boolean")),
        ["attr"] = (library, value, arguments) => Members.Own(value, Printing.Str(arguments.Bind("attr", 1, "name")[0]!).Value, library)
            ?? new Undefined($"{Kinds.Name(value)} has no such attribute"),
    };

    private static Func<ILibrary, object, CallArguments, object> Plain(string name, Func<object, object> filter) => (_, value, arguments) =>
    {
        arguments.Bind(name);
        return filter(value);
    };

    private static DictValue RequireDict(object value, string filter) =>
        value as DictValue ?? throw new TemplateFailure($"the filter {filter} takes a dict; found {Kinds.Name(value)}");

    private static object Default(object value, object?[] arguments) =>
        value is Undefined || (Kinds.Flag(arguments[1]) && !Kinds.IsTrue(value)) ? arguments[0] ?? Text.Empty : value;

    private static Func<object, object> Key(ILibrary library, object? caseSensitive, object? attribute)
    {
        var ignoresCase = !Kinds.Flag(caseSensitive);
        MemberPath[] paths = attribute switch
        {
            null or None => [],
            Text text => [.. Cutting.Split(text, Text.OfTemplate(","), -1).Select(path => new MemberPath(path))],
            _ => [new MemberPath(attribute)],
        };
        return value => paths.Length switch
        {
            0 => Folded(value),
            1 => Folded(paths[0].Find(library, value)),
            _ => new ListValue([.. paths.Select(path => Folded(path.Find(library, value)))]),
        };

        object Folded(object value) => ignoresCase && value is Text text ? Casing.Lower(text) : value;
    }

    private static ListValue Sort(ILibrary library, object value, object?[] arguments)
    {
        var key = Key(library, arguments[1], arguments[2]);
        return new ListValue(ValueComparer.Sorted(Kinds.RequireElements(value), key, Kinds.Flag(arguments[0])));
    }

    private static ListValue DictSort(DictValue dict, object?[] arguments)
    {
        var isByValue = arguments[1] switch
        {
            null => false,
            Text { Value: "key" or "value" } by => by.Value == "value",
            _ => throw new TemplateFailure("by of dictsort must be 'key' or 'value'"),
        };
        return new ListValue(ValueComparer.Sorted(CollectionMethods.Items(dict), item =>
        {
            var key = ((ListValue)item).Items[isByValue ? 1 : 0];
            return key is Text text && !Kinds.Flag(arguments[0]) ? Casing.Lower(text) : key;
        }, Kinds.Flag(arguments[2])));
    }

    private static Iteration Unique(ILibrary library, object value, object?[] arguments)
    {
        var key = Key(library, arguments[0], arguments[1]);
        return new Iteration(Kinds.RequireElements(value).DistinctBy(key, ValueComparer.Instance));
    }

    private static object Extreme(ILibrary library, object value, object?[] arguments, bool isMost)
    {
        var key = Key(library, arguments[0], arguments[1]);
        object? best = null;
        foreach (var element in Kinds.RequireElements(value))
        {
            if (best is null || (ValueComparer.Instance.Compare(key(element), key(best)) is var order && (isMost ? order > 0 : order < 0)))
            {
                best = element;
            }
        }

        return best ?? new Undefined("there is no element");
    }
}
