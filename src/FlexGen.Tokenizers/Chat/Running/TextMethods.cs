using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>The methods of a str.</summary>
internal static class TextMethods
{
    public static Dictionary<string, Func<Text, CallArguments, object>> All { get; } = new(StringComparer.Ordinal)
    {
        ["strip"] = (text, arguments) => Trim("strip", text, arguments, left: true, right: true),
        ["lstrip"] = (text, arguments) => Trim("lstrip", text, arguments, left: true, right: false),
        ["rstrip"] = (text, arguments) => Trim("rstrip", text, arguments, left: false, right: true),
        ["split"] = (text, arguments) => Split(text, arguments.Bind("split", "sep", "maxsplit"), Cutting.Split),
        ["rsplit"] = (text, arguments) => Split(text, arguments.Bind("rsplit", "sep", "maxsplit"), Cutting.SplitFromEnd),
        ["splitlines"] = (text, arguments) => List(Cutting.Lines(text, Kinds.Flag(arguments.Bind("splitlines", "keepends")[0]))),
        ["partition"] = (text, arguments) => Partition(text, Part("partition", arguments), fromEnd: false),
        ["rpartition"] = (text, arguments) => Partition(text, Part("rpartition", arguments), fromEnd: true),
        ["startswith"] = (text, arguments) => AnyOf("startswith", arguments, part => text.Value.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments) => AnyOf("endswith", arguments, part => text.Value.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments) => Part("removeprefix", arguments) is var part
            && text.Value.StartsWith(part.Value, StringComparison.Ordinal) ? text.Part(part.Units, text.Units) : text,
        ["removesuffix"] = (text, arguments) => Part("removesuffix", arguments) is { Units: > 0 } part
            && text.Value.EndsWith(part.Value, StringComparison.Ordinal) ? text.Part(0, text.Units - part.Units) : text,
        ["replace"] = (text, arguments) => Replace(text, arguments.Bind("replace", 2, "old", "new", "count")),
        ["find"] = (text, arguments) => Find(text, text.Value.IndexOf(Part("find", arguments).Value, StringComparison.Ordinal)),
        ["rfind"] = (text, arguments) => Find(text, text.Value.LastIndexOf(Part("rfind", arguments).Value, StringComparison.Ordinal)),
        ["index"] = (text, arguments) => text.Value.IndexOf(Part("index", arguments).Value, StringComparison.Ordinal) is >= 0 and var at
            ? Find(text, at) : throw new TemplateFailure("index() finds nothing"),
        ["count"] = (text, arguments) => Number.Of(
            Part("count", arguments) is { Units: > 0 } part ? text.Value.AsSpan().Count(part.Value) : text.Length + 1),
        ["upper"] = (text, arguments) => Changed("upper", text, arguments, Casing.Upper),
        ["lower"] = (text, arguments) => Changed("lower", text, arguments, Casing.Lower),
        ["capitalize"] = (text, arguments) => Changed("capitalize", text, arguments, Casing.Capitalize),
        ["title"] = (text, arguments) => Changed("title", text, arguments, Casing.Title),
        ["join"] = (text, arguments) => Cutting.Join(text, Kinds.RequireElements(arguments.Bind("join", 1, "iterable")[0]!).Select(Require)),
        ["format"] = (text, arguments) => Formatting.Braces(text, arguments.Positional, arguments.Named),
        ["isdigit"] = Plain("isdigit", text => text.Units > 0 && text.Value.All(char.IsDigit)),
        ["isalpha"] = Plain("isalpha", text => text.Units > 0 && text.Value.All(char.IsLetter)),
        ["isalnum"] = Plain("isalnum", text => text.Units > 0 && text.Value.All(char.IsLetterOrDigit)),
        ["isspace"] = Plain("isspace", text => text.Units > 0 && text.Value.All(Trimming.IsSpace)),
        ["isupper"] = Plain("isupper", text => ValueTests.IsCased(text, char.IsUpper, char.IsLower)),
        ["islower"] = Plain("islower", text => ValueTests.IsCased(text, char.IsLower, char.IsUpper)),
    };

    private static Func<Text, CallArguments, object> Plain(string name, Func<Text, bool> holds) => (text, arguments) =>
    {
        arguments.Bind(name);
        return holds(text);
    };

    private static Text Require(object value) => value as Text ?? throw (value is Undefined undefined ? undefined.Failure()
        : new TemplateFailure($"found {Kinds.Name(value)} where a str is expected"));

    private static Text Part(string method, CallArguments arguments) => Require(arguments.Bind(method, 1, "sub")[0]!);

    private static Text Changed(string method, Text text, CallArguments arguments, Func<Text, Text> change)
    {
        arguments.Bind(method);
        return change(text);
    }

    private static Text Trim(string method, Text text, CallArguments arguments, bool left, bool right) =>
        arguments.Bind(method, "chars")[0] is { } characters and not None
            ? Trimming.Trim(text, Require(characters), left, right)
            : Trimming.Trim(text, null, left, right);

    private static ListValue List(IEnumerable<Text> texts) => new([.. texts]);

    private static ListValue Split(Text text, object?[] arguments, Func<Text, Text?, int, List<Text>> split) => List(split(
        text, arguments[0] is null or None ? null : Require(arguments[0]!), arguments[1] is null ? -1 : Kinds.Index(arguments[1]!, "maxsplit")));

    private static ListValue Partition(Text text, Text separator, bool fromEnd)
    {
        var pieces = fromEnd ? Cutting.SplitFromEnd(text, separator, 1) : Cutting.Split(text, separator, 1);
        return pieces.Count == 2 ? ListValue.Tuple(pieces[0], separator, pieces[1])
            : fromEnd ? ListValue.Tuple(Text.Empty, Text.Empty, text) : ListValue.Tuple(text, Text.Empty, Text.Empty);
    }

    private static bool AnyOf(string method, CallArguments arguments, Func<string, bool> holds)
    {
        var parts = arguments.Bind(method, 1, "prefix")[0]!;
        return parts is ListValue { IsTuple: true } tuple ? tuple.Items.Any(part => holds(Require(part).Value)) : holds(Require(parts).Value);
    }

    private static Text Replace(Text text, object?[] arguments) =>
        Cutting.Replace(text, Require(arguments[0]!), Require(arguments[1]!), arguments[2] is null ? -1 : Kinds.Index(arguments[2]!, "count"));

    private static Number Find(Text text, int unit) => Number.Of(unit < 0 ? -1 : text.CharacterAt(unit));
}
