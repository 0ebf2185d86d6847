using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Filters that make a text.</summary>
internal static class TextFilters
{
    public static Dictionary<string, Func<ILibrary, object, CallArguments, object>> All { get; } = new(StringComparer.Ordinal)
    {
        ["upper"] = (_, value, arguments) => Simple("upper", value, arguments, Casing.Upper),
        ["lower"] = (_, value, arguments) => Simple("lower", value, arguments, Casing.Lower),
        ["capitalize"] = (_, value, arguments) => Simple("capitalize", value, arguments, Casing.Capitalize),
        ["title"] = (_, value, arguments) => Simple("title", value, arguments, Casing.TitleOfWords),
        ["string"] = (_, value, arguments) => Simple("string", value, arguments, text => text),
        ["safe"] = (_, value, arguments) => Simple("safe", value, arguments, text => text),
        ["trim"] = (_, value, arguments) => Trim(value, arguments.Bind("trim", "chars")),
        ["replace"] = (_, value, arguments) => Replace(value, arguments.Bind("replace", 2, "old", "new", "count")),
        ["format"] = (_, value, arguments) => Formatting.Percent(Printing.Str(value), arguments.Named.Count == 0
            ? new ListValue(arguments.Positional, IsTuple: true)
            : throw new TemplateFailure("the filter format takes values without names")),
        ["indent"] = (_, value, arguments) => Indent(Printing.Str(value), arguments.Bind("indent", "width", "first", "blank")),
        ["join"] = (library, value, arguments) => Join(library, value, arguments.Bind("join", "d", "attribute")),
        ["tojson"] = (_, value, arguments) => ToJson(value, arguments.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys")),
    };

    private static Text Simple(string name, object value, CallArguments arguments, Func<Text, Text> change)
    {
        arguments.Bind(name);
        return change(Printing.Str(value));
    }

    private static Text Trim(object value, object?[] arguments) =>
        Trimming.Trim(Printing.Str(value), arguments[0] is null or None ? null : Printing.Str(arguments[0]!), left: true, right: true);

    private static Text Replace(object value, object?[] arguments) => Cutting.Replace(
        Printing.Str(value), Printing.Str(arguments[0]!), Printing.Str(arguments[1]!), arguments[2] is null or None ? -1 : Kinds.Index(arguments[2]!, "count"));

    private static Text Indent(Text text, object?[] arguments)
    {
        var indention = arguments[0] as Text
            ?? Text.OfTemplate(new string(' ', Math.Clamp(Kinds.Index(arguments[0] ?? Number.Of(4), "width"), 0, 1000)));
        var indentsBlank = Kinds.Flag(arguments[2]);
        // With a line break more, so that the last line counts where it is empty.
        var lines = Cutting.Lines(Cutting.Join(Text.Empty, [text, Text.OfTemplate("\n")]), keepsEnds: false);
        var indented = lines.Select((line, i) =>
            i == 0 || (line.Units == 0 && !indentsBlank) ? line : Cutting.Join(Text.Empty, [indention, line]));
        var result = Cutting.Join(Text.OfTemplate("\n"), indented);
        return Kinds.Flag(arguments[1]) ? Cutting.Join(Text.Empty, [indention, result]) : result;
    }

    private static Text Join(ILibrary library, object value, object?[] arguments)
    {
        var elements = Kinds.RequireElements(value);
        if (arguments[1] is not (null or None))
        {
            var path = new MemberPath(arguments[1]!);
            elements = elements.Select(element => path.Find(library, element));
        }

        return Cutting.Join(Printing.Str(arguments[0] ?? Text.Empty), elements.Select(Printing.Str));
    }

    private static Text ToJson(object value, object?[] arguments)
    {
        var indent = arguments[1] switch
        {
            null or None => null,
            Text text => text.Value,
            var width => new string(' ', Math.Clamp(Kinds.Index(width, "indent"), 0, 1000)),
        };
        var (item, key) = arguments[2] switch
        {
            null or None => (Text.OfTemplate(indent is null ? ", " : ","), Text.OfTemplate(": ")),
            ListValue { Items: [Text first, Text second] } => (first, second),
            var other => throw new TemplateFailure($"separators of tojson must be two str; found {Kinds.Name(other)}"),
        };
        return new JsonText(Kinds.Flag(arguments[0]), indent, item, key, Kinds.Flag(arguments[3])).Write(value);
    }
}
