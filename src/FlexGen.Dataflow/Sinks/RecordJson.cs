using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Writes records as JSON objects. Used by one thread at a time.</summary>
/// <param name="schema">The columns of the records.</param>
/// <param name="isJson">Whether the records are messages whose values are JSON objects: their fields pass through as they are written.</param>
/// <param name="isWhole">Whether all fields of such an object pass through, rather than those of the schema.</param>
/// <exception cref="PipelineException">A column cannot be written as JSON.</exception>
internal sealed class RecordJson(RowSchema schema, bool isJson, bool isWhole)
{
    private static readonly JsonWriterOptions relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> buffer = new(1 << 12);
    private readonly ArrayBufferWriter<char> text = new(1 << 12);
    private readonly JsonColumn[] columns = isJson && isWhole ? [] : [.. schema.Names.Select(name => JsonColumn.Of(name, schema))];

    /// <summary>The record's columns and what the pipeline adds to a result.</summary>
    public byte[] Result(Record record)
    {
        WriteColumns(record);
        var completion = record.Completion!;
        WriteName("\"output\":"u8);
        WriteString(completion.Text);
        WriteName("\"finish_reason\":"u8);
        WriteString(completion.FinishReason);
        WriteName("\"prompt_tokens\":"u8);
        WriteNumber(completion.PromptTokens);
        WriteName("\"completion_tokens\":"u8);
        WriteNumber(completion.CompletionTokens);
        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The record's columns.</summary>
    public byte[] Columns(Record record)
    {
        WriteColumns(record);
        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteColumns(Record record)
    {
        buffer.ResetWrittenCount();
        buffer.Write("{"u8);
        if (!isJson)
        {
            foreach (var column in columns)
            {
                WriteName(column.Name);
                WriteValue(column, record);
            }
        }
        else if (isWhole)
        {
            buffer.Write(record.Message!.Value.AsSpan().Trim(" \t\r\n"u8)[1..^1].Trim(" \t\r\n"u8));
        }
        else
        {
            WriteChosen(record.Message!.Value!);
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
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (column is not null)
            {
                WriteName(column.Name);
                buffer.Write(json.AsSpan(start, (int)reader.BytesConsumed - start));
            }
        }
    }

    private void WriteValue(JsonColumn column, Record record)
    {
        var data = record.Rows.Columns[column.Leaf];
        if (data.IsNull(record.Row))
        {
            buffer.Write("null"u8);
            return;
        }
        text.ResetWrittenCount();
        column.Writer(data, record.Row, text);
        if (column.IsBare(text.WrittenSpan))
        {
            Encoding.UTF8.GetBytes(text.WrittenSpan, (IBufferWriter<byte>)buffer);
        }
        else
        {
            WriteString(text.WrittenSpan);
        }
    }

    private void WriteName(ReadOnlySpan<byte> quoted)
    {
        if (buffer.WrittenCount > 1)
        {
            buffer.Write(","u8);
        }
        buffer.Write(quoted);
    }

    private void WriteString(ReadOnlySpan<char> value)
    {
        using var writer = new Utf8JsonWriter(buffer, relaxed);
        writer.WriteStringValue(value);
    }

    private void WriteNumber(int value)
    {
        Utf8Formatter.TryFormat(value, buffer.GetSpan(16), out int length);
        buffer.Advance(length);
    }
}
