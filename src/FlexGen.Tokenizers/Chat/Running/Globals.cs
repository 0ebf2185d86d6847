using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The functions that a template has without a value before them.</summary>
internal static class Globals
{
    private const int LongestRange = 100_000;

    /// <summary>Null: there is none of that name.</summary>
    public static Function? Find(string name, ILibrary library) => name switch
    {
        "range" => new Function(name, arguments => library.Paid(Range(arguments.Bind(name, 1, "start", "stop", "step")))),
        "dict" => new Function(name, arguments => new DictValue(Pairs(arguments))),
        "namespace" => new Function(name, Namespace),
        "raise_exception" => new Function(name, arguments =>
            throw new TemplateFailure($"the template refuses the conversation: {Printing.Str(arguments.Bind(name, 1, "message")[0]!)}")),
        "strftime_now" => new Function(name, arguments =>
            Text.OfTemplate(LocalTime.Format(library.Time.GetLocalNow(), Printing.Str(arguments.Bind(name, 1, "format")[0]!).Value))),
        _ => null,
    };

    private static ListValue Range(object?[] arguments)
    {
        var bounds = arguments.Where(argument => argument is not null).Select(argument => Kinds.Index(argument!, "a bound of range()")).ToList();
        var (start, stop, step) = (bounds.Count > 1 ? bounds[0] : 0, bounds.Count > 1 ? bounds[1] : bounds[0], bounds.Count > 2 ? bounds[2] : 1);
        if (step == 0)
        {
            throw new TemplateFailure("the step of range() must not be 0");
        }

        var count = Math.Max(0, (((long)stop - start) + step - Math.Sign(step)) / step);
        return count <= LongestRange
            ? new ListValue([.. Enumerable.Range(0, (int)count).Select(i => Number.Of(start + ((long)i * step)))])
            : throw new TemplateFailure($"range() of {count} numbers; at most {LongestRange} are allowed");
    }

    private static Namespace Namespace(CallArguments arguments)
    {
        var made = new Namespace();
        foreach (var (key, value) in Pairs(arguments))
        {
            made.Members[Printing.Str(key).Value] = value;
        }

        return made;
    }

    private static IEnumerable<KeyValuePair<object, object>> Pairs(CallArguments arguments)
    {
        var given = arguments.Positional switch
        {
            [] => [],
            [DictValue dict] => dict.Items,
            [Undefined undefined] => throw undefined.Failure(),
            [var pairs] => Kinds.RequireElements(pairs).Select(pair => Kinds.RequireElements(pair).ToList() is [var key, var value]
                ? KeyValuePair.Create(key, value)
                : throw new TemplateFailure("dict() takes pairs of a key and a value")),
            _ => throw new TemplateFailure($"dict() takes one argument without a name; found {arguments.Positional.Count}"),
        };
        return given.Concat(arguments.Named.Select(argument => KeyValuePair.Create<object, object>(Text.OfTemplate(argument.Key), argument.Value)));
    }
}
