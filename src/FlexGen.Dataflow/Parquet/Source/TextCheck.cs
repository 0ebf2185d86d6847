using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// Finds records whose texts are not what their column's type says, UTF-8 or JSON. Copied as it is, one of them would make a whole part file unreadable.
/// </summary>
internal sealed class TextCheck(RowSchema schema)
{
    private static readonly JsonReaderOptions anyDepth = new() { MaxDepth = 1_000_000 };
    private static readonly JsonSerializerOptions relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly (int Leaf, PhysicalField Field, bool IsJson)[] texts =
    [
        .. schema.Leaves.Index().Where(leaf => Annotation.IsText(leaf.Item.Physical.Element))
            .Select(leaf => (leaf.Index, leaf.Item.Physical, Annotation.Of(leaf.Item.Physical.Element)!.JSON is not null)),
    ];

    /// <summary>
    /// Marks such records for the dead letter, which shows each byte that is no part of a character as <c>\xC3</c>, and what is no JSON as a JSON string.
    /// </summary>
    public void Check(IEnumerable<Record> records)
    {
        foreach (var record in records)
        {
            foreach (var (leaf, field, isJson) in texts)
            {
                var column = record.Rows.Columns[leaf];
                if (!column.All(record.Row, IsUtf8))
                {
                    Fail(
                        record,
                        "invalid_utf8",
                        $"column '{Name(field)}' holds bytes that are not UTF-8, as a {ColumnTypes.AnnotationOf(field.Element)} must be; "
                        + "they are shown as \\x and two digits.");
                    break;
                }

                if (isJson && !column.All(record.Row, IsJson))
                {
                    Fail(record, "not_json", $"column '{Name(field)}' is of the type JSON and holds what is none; it is shown as a JSON string.");
                    break;
                }
            }
        }
    }

    private void Fail(Record record, string reason, string message)
    {
        if (record.Error is null)
        {
            record.Fail(reason, message);
        }

        var columns = record.Rows.Columns.ToArray();
        foreach (var (leaf, _, isJson) in texts)
        {
            columns[leaf] = columns[leaf].Replace(record.Row, text => Shown(text, isJson));
        }

        record.Decode(new Rows(columns), row: 0);
    }

    private static ReadOnlyMemory<byte> Shown(ReadOnlyMemory<byte> text, bool isJson)
    {
        if (IsUtf8(text) && (!isJson || IsJson(text)))
        {
            return text;
        }

        var escaped = Escape(text.Span);
        return isJson ? JsonSerializer.SerializeToUtf8Bytes(escaped, relaxed) : Encoding.UTF8.GetBytes(escaped);
    }

    private static string Name(PhysicalField field) => field.Path.ToString(".", null);

    private static bool IsUtf8(ReadOnlyMemory<byte> text) => Utf8.IsValid(text.Span);

    private static bool IsJson(ReadOnlyMemory<byte> text)
    {
        var reader = new Utf8JsonReader(text.Span, anyDepth);
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }

            return true;
        }
        // InvalidOperationException: an escape that stands for half a character.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Escape(ReadOnlySpan<byte> text)
    {
        var escaped = new StringBuilder();
        while (text.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(text, out var rune, out var length);
            if (status == OperationStatus.Done)
            {
                escaped.Append(rune.ToString());
            }
            else
            {
                escaped.AppendJoin("", text[..length].ToArray().Select(octet => $"\\x{octet:X2}"));
            }

            text = text[length..];
        }

        return escaped.ToString();
    }
}
