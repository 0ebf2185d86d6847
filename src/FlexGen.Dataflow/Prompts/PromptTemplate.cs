using System.Buffers;
using System.Text.RegularExpressions;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Prompts;

/// <summary>A text with <c>{{ column }}</c> where a column's value goes.</summary>
internal sealed partial class PromptTemplate
{
    [ThreadStatic]
    private static ArrayBufferWriter<char>? scratch;

    public static PromptTemplate Empty { get; } = new();

    private readonly List<Part> parts = [];

    private PromptTemplate()
    {
    }

    /// <exception cref="PipelineException">A brace is not closed, a column is unknown or has no text.</exception>
    public static PromptTemplate Parse(string template, RowSchema schema)
    {
        var parsed = new PromptTemplate();
        int at = 0;
        while (template.IndexOf("{{", at, StringComparison.Ordinal) is >= 0 and var open)
        {
            parsed.AddLiteral(template[at..open]);
            int close = template.IndexOf("}}", open, StringComparison.Ordinal);
            if (close < 0)
            {
                throw new PipelineException($"prompt.template: the '{{{{' at character {open + 1} is not closed by '}}}}'.");
            }
            parsed.AddColumn(template[(open + 2)..close].Trim(), schema);
            at = close + 2;
        }
        parsed.AddLiteral(template[at..]);
        return parsed;
    }

    /// <summary>The columns that a template names, for a source that has whatever is asked of it.</summary>
    public static IReadOnlyList<string> Columns(string template) =>
        [.. Name().Matches(template).Select(match => match.Groups[1].Value).Where(name => name.Length > 0).Distinct()];

    /// <exception cref="RecordException">A column has no value in this row, or one that has no text.</exception>
    public Prompt Render(Rows rows, int row)
    {
        var text = scratch ??= new ArrayBufferWriter<char>();
        text.ResetWrittenCount();
        var literals = new List<(int Start, int Length)>();
        foreach (var part in parts)
        {
            if (part.Writer is null)
            {
                literals.Add((text.WrittenCount, part.Text.Length));
                text.Write(part.Text);
            }
            else
            {
                WriteValue(part, rows.Columns[part.Leaf], row, text);
            }
        }
        return new Prompt(text.WrittenSpan.ToString(), literals);
    }

    private static void WriteValue(Part part, ColumnData column, int row, ArrayBufferWriter<char> text)
    {
        if (column.IsNull(row))
        {
            throw new RecordException("null_value", $"column '{part.Text}' is null or missing, and the prompt template needs its value.");
        }
        try
        {
            part.Writer!(column, row, text);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new RecordException("invalid_value", $"column '{part.Text}' holds a date or time that is out of range.");
        }
    }

    private void AddLiteral(string text)
    {
        if (text.Length > 0)
        {
            parts.Add(new Part(text, 0, null));
        }
    }

    private void AddColumn(string name, RowSchema schema)
    {
        if (!schema.Names.Contains(name))
        {
            throw new PipelineException(
                $"prompt.template: the source has no column '{name}'{NearestName.Hint(name, schema.Names)} "
                + $"It has: {string.Join(", ", schema.Names)}.");
        }
        int index = Enumerable.Range(0, schema.Leaves.Count).First(i => schema.Leaves[i].Column == name);
        var writer = ValueText.WriterOf(schema.Leaves[index])
            ?? throw new PipelineException(
                $"prompt.template: column '{name}' is nested or binary, which has no text; "
                + "use columns of texts, numbers, booleans, dates or times.");
        parts.Add(new Part(name, index, writer));
    }

    [GeneratedRegex(@"\{\{\s*(.*?)\s*\}\}")]
    private static partial Regex Name();

    // The text is the literal, or the column's name where there is a writer.
    private readonly record struct Part(string Text, int Leaf, ValueWriter? Writer);
}
