using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Writes records as JSON objects. Safe for several threads.</summary>
/// <param name="schema">The columns of the records.</param>
/// <param name="isJson">Whether the records are messages whose values are JSON objects: their fields pass through as they are written.</param>
/// <param name="isWhole">Whether all fields of such an object pass through, rather than those of the schema.</param>
/// <param name="names">Other names for the fields that are added.</param>
/// <param name="output">What the output is asked to be.</param>
/// <param name="results">The columns of what outputs hold, which are fields here; null: none.</param>
/// <exception cref="PipelineException">A column cannot be written as JSON.</exception>
internal sealed class RecordJson(
    RowSchema schema, bool isJson, bool isWhole, IDictionary<string, string>? names = null, OutputOptions? output = null, ResultColumns? results = null)
{
    private static readonly JsonWriterOptions relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? writtenOfThread;
    [ThreadStatic]
    private static ArrayBufferWriter<char>? textOfThread;
    [ThreadStatic]
    private static Utf8JsonWriter? writerOfThread;

    private readonly JsonColumn[] columns = isJson && isWhole ? [] : [.. schema.Names.Select(name => JsonColumn.Of(name, schema))];

    // The names in quotes, and a colon.
    private readonly (string Field, byte[] Name)[] added = [.. AddedNames.Fields(output).Select(field => (field, Quoted(NameOf(field, names))))];
    private readonly (string Property, byte[] Name)[] ofResults = [.. (results?.Schema.Names ?? []).Select(name => (name, Quoted(name)))];

    private static ArrayBufferWriter<byte> Written => writtenOfThread ??= new(1 << 12);

    /// <summary>What a result is made of beside the record's message: where that passes through whole, what is added to it alone.</summary>
    /// <exception cref="RecordException">A value has no text.</exception>
    public byte[] Encode(Record record)
    {
        Written.ResetWrittenCount();
        if (!PassesWhole)
        {
            WriteColumns(record);
        }

        var completion = record.Completion!;
        WriteResults(completion.Text);
        foreach (var (field, name) in added)
        {
            WriteName(name);
            switch (field)
            {
                case AddedNames.Output: WriteString(completion.Text); break;
                case AddedNames.Reasoning: WriteString(completion.Reasoning); break;
                case AddedNames.FinishReason: WriteString(completion.FinishReason); break;
                case AddedNames.PromptTokens: WriteNumber(completion.PromptTokens); break;
                default: WriteNumber(completion.CompletionTokens); break;
            }
        }

        Written.Write("}"u8);
        return Written.WrittenSpan.ToArray();
    }

    /// <summary>An encoded record's columns and what the pipeline adds to them.</summary>
    public byte[] Result(Record record)
    {
        var encoded = record.Encoded!;
        if (!PassesWhole)
        {
            return encoded;
        }

        var fields = Fields(record);
        var result = GC.AllocateUninitializedArray<byte>(1 + fields.Length + (fields.IsEmpty ? 0 : 1) + encoded.Length);
        result[0] = (byte)'{';
        fields.CopyTo(result.AsSpan(1));
        if (!fields.IsEmpty)
        {
            result[1 + fields.Length] = (byte)',';
        }

        encoded.CopyTo(result.AsSpan(result.Length - encoded.Length));
        return result;
    }

    /// <summary>Whether an encoded record holds the output's text.</summary>
    public bool HoldsOutput => output is not { HasColumnsOnly: true };

    /// <summary>The output that an encoded record holds.</summary>
    public string OutputOf(Record record)
    {
        using var json = JsonDocument.Parse(Result(record));
        return json.RootElement.GetProperty(NameOf("output", names)).GetString()!;
    }

    /// <summary>The record's columns, null where a value has no text.</summary>
    public byte[] Columns(Record record)
    {
        Written.ResetWrittenCount();
        WriteColumns(record, isLenient: true);
        Written.Write("}"u8);
        return Written.WrittenSpan.ToArray();
    }

    private static string NameOf(string field, IDictionary<string, string>? names) => names?.TryGetValue(field, out var name) == true ? name : field;

    private static byte[] Quoted(string name) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name) + ":");

    private void WriteResults(string text)
    {
        if (ofResults.Length == 0)
        {
            return;
        }

        using var document = JsonDocument.Parse(text);
        foreach (var (property, name) in ofResults)
        {
            WriteName(name);
            Written.Write(document.RootElement.TryGetProperty(property, out var value) ? JsonMarshal.GetRawUtf8Value(value) : "null"u8);
        }
    }

    private bool PassesWhole => isJson && isWhole;

    private static ReadOnlySpan<byte> Fields(Record record) => record.Message!.Value.AsSpan().Trim(" \t\r\n"u8)[1..^1].Trim(" \t\r\n"u8);

    private void WriteColumns(Record record, bool isLenient = false)
    {
        Written.Write("{"u8);
        if (PassesWhole)
        {
            Written.Write(Fields(record));
        }
        else if (isJson)
        {
            WriteChosen(record.Message!.Value!);
        }
        else
        {
            foreach (var column in columns)
            {
                WriteName(column.Name);
                WriteValue(column, record, isLenient);
            }
        }
    }

    private void WriteChosen(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = JsonColumn.Find(columns, ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (column is not null)
            {
                WriteName(column.Name);
                Written.Write(json.AsSpan(start, (int)reader.BytesConsumed - start));
            }
        }
    }

    private static void WriteValue(JsonColumn column, Record record, bool isLenient)
    {
        var data = record.Rows.Columns[column.Leaf];
        var text = textOfThread ??= new(1 << 12);
        text.ResetWrittenCount();
        var isNull = data.IsNull(record.Row);
        try
        {
            if (!isNull)
            {
                column.Writer(data, record.Row, text);
            }
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            isNull = isLenient ? true
                : throw new RecordException(
                    "invalid_value", $"column {Encoding.UTF8.GetString(column.Name).TrimEnd(':')} holds a date or time that is out of range.");
        }

        if (isNull)
        {
            Written.Write("null"u8);
            return;
        }

        if (column.IsBare(text.WrittenSpan))
        {
            Encoding.UTF8.GetBytes(text.WrittenSpan, (IBufferWriter<byte>)Written);
        }
        else
        {
            WriteString(text.WrittenSpan);
        }
    }

    private static void WriteName(ReadOnlySpan<byte> quoted)
    {
        if (Written.WrittenCount > 1)
        {
            Written.Write(","u8);
        }

        Written.Write(quoted);
    }

    private static void WriteString(string? value)
    {
        if (value is null)
        {
            Written.Write("null"u8);
        }
        else
        {
            WriteString(value.AsSpan());
        }
    }

    private static void WriteString(ReadOnlySpan<char> value)
    {
        var writer = writerOfThread ??= new Utf8JsonWriter(Written, relaxed);
        writer.Reset();
        writer.WriteStringValue(value);
        writer.Flush();
    }

    private static void WriteNumber(int value)
    {
        Utf8Formatter.TryFormat(value, Written.GetSpan(16), out var length);
        Written.Advance(length);
    }
}
