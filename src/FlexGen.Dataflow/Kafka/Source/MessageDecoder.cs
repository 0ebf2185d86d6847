using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>Finds the columns in a message's value.</summary>
/// <param name="schema">The columns to find.</param>
/// <param name="isJson">Whether a value is a JSON object; otherwise it is the one column.</param>
/// <param name="maxBytes">The longest value that is taken.</param>
/// <param name="reserved">Names that no field of the object may have, since the pipeline adds fields of these names to it.</param>
internal sealed class MessageDecoder(RowSchema schema, bool isJson, int maxBytes, IEnumerable<string> reserved)
{
    private readonly byte[][] names = [.. schema.Names.Select(Encoding.UTF8.GetBytes)];
    private readonly byte[][] reservedNames = [.. reserved.Select(Encoding.UTF8.GetBytes)];

    /// <summary>
    /// Gives each record its columns, in one <see cref="Rows"/>. A record whose value is missing, too long, or not what it should be is
    /// marked for the dead letter, with all columns null.
    /// </summary>
    public void Decode(Record[] records)
    {
        var rows = new ReadOnlyMemory<byte>?[records.Length][];
        var errors = new RecordException?[records.Length];
        for (var i = 0; i < records.Length; i++)
        {
            rows[i] = new ReadOnlyMemory<byte>?[names.Length];
            records[i].Message!.Headers = MessageHeaders.OfOthers(records[i].Message!.Headers);
            try
            {
                Find(records[i].Message!.Value, rows[i]);
            }
            catch (RecordException e)
            {
                errors[i] = e;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // InvalidOperationException: an escape that stands for half a character.
                errors[i] = new RecordException("not_json", $"the message's value is not JSON: {e.Message}");
            }
            catch (Exception e) when (RecordException.IsOfRecord(e))
            {
                errors[i] = RecordException.Of(e, "reading the message's value");
            }

            if (errors[i] is not null)
            {
                Array.Clear(rows[i]);
            }
        }

        var columns = new Rows([.. schema.Leaves.Select((leaf, column) => Column(leaf, [.. rows.Select(row => row[column])]))]);
        for (var i = 0; i < records.Length; i++)
        {
            records[i].Decode(columns, i);
            if (errors[i] is { } error)
            {
                records[i].Fail(error.Reason, error.Message);
            }
        }
    }

    private static TypedColumnData<ReadOnlyMemory<byte>> Column(Leaf leaf, ReadOnlyMemory<byte>?[] values) => new(
        leaf.Physical, [.. values.Where(value => value is not null).Select(value => value!.Value)], [.. values.Select(value => value is null ? 0 : 1)], null);

    private void Find(byte[]? value, ReadOnlyMemory<byte>?[] values)
    {
        if (value is null)
        {
            throw new RecordException("no_value", "the message has no value (a tombstone).");
        }

        if (value.Length > maxBytes)
        {
            throw new RecordException("message_too_large", $"the message's value has {value.Length} bytes, source.kafka.maxMessageBytes allows {maxBytes}.");
        }

        if (!Utf8.IsValid(value))
        {
            throw new RecordException("invalid_utf8", "the message's value is not UTF-8.");
        }

        if (!isJson)
        {
            values[0] = value;
            return;
        }

        if (value.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            throw new RecordException("empty", "the message's value is empty; expected a JSON object.");
        }

        FindFields(value, values);
    }

    private void FindFields(byte[] value, ReadOnlyMemory<byte>?[] values)
    {
        var reader = new Utf8JsonReader(value);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new RecordException("not_an_object", $"the message's value is a JSON {reader.TokenType}; expected an object whose fields are the columns.");
        }

        var found = new JsonNames(value);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            found.Add(ref reader);
            var column = IndexOf(names, ref reader);
            if (column < 0 && IndexOf(reservedNames, ref reader) >= 0)
            {
                throw new RecordException(
                    "reserved_field",
                    $"the message has a field '{reader.GetString()}', which the pipeline adds to it: "
                    + "rename what it adds with sink.kafka.names, or choose the other fields with source.kafka.columns.");
            }

            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var isNested = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
            if (column < 0)
            {
                reader.Skip();
            }
            else
            {
                values[column] = Value(value, ref reader);
            }

            if (isNested)
            {
                JsonNames.Check(value.AsMemory(start, (int)reader.BytesConsumed - start));
            }
        }
        // Throws where more follows the object.
        reader.Read();
    }

    private static int IndexOf(byte[][] names, ref Utf8JsonReader reader)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (reader.ValueTextEquals(names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static ReadOnlyMemory<byte>? Value(byte[] json, ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String when !reader.ValueIsEscaped:
                return json.AsMemory(start + 1, reader.ValueSpan.Length);
            case JsonTokenType.String:
                var text = new byte[reader.ValueSpan.Length];
                return text.AsMemory(0, reader.CopyString(text));
            default:
                reader.Skip();
                return json.AsMemory(start, (int)reader.BytesConsumed - start);
        }
    }
}
