using System.Buffers;
using System.Text.RegularExpressions;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Prompts;

/// <summary>
/// A text with <c>{{ column }}</c> where a column's value goes. A text in quotes between the braces stands for itself:
/// <c>{{ "{{" }}</c> is two braces.
/// </summary>
internal sealed partial class PromptTemplate
{
    public const string Key = "prompt.template";

    [ThreadStatic]
    private static ArrayBufferWriter<char>? scratch;

    public static PromptTemplate Empty { get; } = new();

    private readonly List<Segment> segments = [];

    private PromptTemplate()
    {
    }

    /// <param name="template">The text.</param>
    /// <param name="schema">The columns that there are.</param>
    /// <param name="key">The key that gives it, for messages.</param>
    /// <exception cref="PipelineException">A brace is not closed, a column is unknown or has no text.</exception>
    public static PromptTemplate Parse(string template, RowSchema schema, string key = Key)
    {
        var parsed = new PromptTemplate();
        foreach (var (text, isColumn) in Scan(template, key))
        {
            if (isColumn)
            {
                parsed.AddColumn(text, key, schema);
            }
            else
            {
                parsed.AddLiteral(text);
            }
        }

        return parsed;
    }

    /// <summary>The columns that a template names, for a source that has whatever is asked of it.</summary>
    /// <exception cref="PipelineException">A brace is not closed.</exception>
    public static IReadOnlyList<string> Columns(string template, string key = Key) =>
        [.. Scan(template, key).Where(segment => segment.IsColumn && segment.Text.Length > 0).Select(segment => segment.Text).Distinct()];

    /// <exception cref="RecordException">A column has no value in this row, or one that has no text.</exception>
    public Prompt Render(Rows rows, int row)
    {
        var text = scratch ??= new ArrayBufferWriter<char>();
        text.ResetWrittenCount();
        var literals = new List<(int Start, int Length)>();
        foreach (var segment in segments)
        {
            if (segment.Writer is null)
            {
                literals.Add((text.WrittenCount, segment.Text.Length));
                text.Write(segment.Text);
            }
            else
            {
                WriteValue(segment, rows.Columns[segment.Leaf], row, text);
            }
        }

        return new Prompt(text.WrittenSpan.ToString(), literals);
    }

    private static IEnumerable<(string Text, bool IsColumn)> Scan(string template, string key)
    {
        var at = 0;
        foreach (var match in Placeholder().Matches(template).Cast<Match>())
        {
            yield return (template[at..match.Index], false);
            if (!match.Groups["end"].Success)
            {
                throw new PipelineDefinitionException(
                    $"{key}: the '{{{{' at character {match.Index + 1} is not closed by '}}}}'. Two braces that are meant as such "
                        + $"are written {{{{ \"{{{{\" }}}}.");
            }

            yield return match.Groups["text"] is { Success: true } quoted ? (quoted.Value, false) : (match.Groups["column"].Value, true);
            at = match.Index + match.Length;
        }

        yield return (template[at..], false);
    }

    private static void WriteValue(Segment segment, ColumnData column, int row, ArrayBufferWriter<char> text)
    {
        if (column.IsNull(row))
        {
            throw new RecordException("null_value", $"column '{segment.Text}' is null or missing, and the prompt template needs its value.");
        }

        try
        {
            segment.Writer!(column, row, text);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new RecordException("invalid_value", $"column '{segment.Text}' holds a date or time that is out of range.");
        }
    }

    private void AddLiteral(string text)
    {
        if (text.Length > 0)
        {
            segments.Add(new Segment(text, 0, null));
        }
    }

    private void AddColumn(string name, string key, RowSchema schema)
    {
        if (!schema.Names.Contains(name))
        {
            throw new PipelineDefinitionException(
                $"{key}: the source has no column '{name}'{NearestName.Hint(name, schema.Names)} "
                + $"It has: {string.Join(", ", schema.Names)}.");
        }

        var index = Enumerable.Range(0, schema.Leaves.Count).First(i => schema.Leaves[i].Column == name);
        var writer = ValueText.WriterOf(schema.Leaves[index])
            ?? throw new PipelineDefinitionException(
                $"{key}: column '{name}' is nested or binary, which has no text; "
                + "use columns of texts, numbers, booleans, dates or times.");
        segments.Add(new Segment(name, index, writer));
    }

    // What follows two braces: a quoted text or a column, and the braces that close it; nothing where none do.
    [GeneratedRegex(
        """\{\{(\s*(?<quote>["'])(?<text>((?!\k<quote>).)*)\k<quote>\s*(?<end>\}\})|\s*(?<column>.*?)\s*(?<end>\}\}))?""",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Placeholder();

    // The text is the literal, or the column's name where there is a writer.
    private readonly record struct Segment(string Text, int Leaf, ValueWriter? Writer);
}
