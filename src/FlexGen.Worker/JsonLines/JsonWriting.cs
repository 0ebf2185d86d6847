using System.Text.Json;

namespace FlexGen.Worker.JsonLines;

/// <summary>Lists of numbers in the output.</summary>
internal static class JsonWriting
{
    public static void WriteTokenIds(this Utf8JsonWriter json, string name, IEnumerable<int> ids)
    {
        json.WriteStartArray(name);
        foreach (var id in ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }

    /// <summary>A line's id as it was given; null where it has none.</summary>
    public static void WriteId(this Utf8JsonWriter json, string name, JsonElement? id)
    {
        json.WritePropertyName(name);
        if (id is { } given)
        {
            given.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    /// <summary>One line: a JSON array that reads back as the same float32 values; null stands for what is not finite.</summary>
    public static void WriteLogits(this Stream stream, float[]? logits)
    {
        using (var json = new Utf8JsonWriter(stream))
        {
            if (logits is null)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteStartArray();
                foreach (var logit in logits)
                {
                    if (float.IsFinite(logit))
                    {
                        json.WriteNumberValue(logit);
                    }
                    else
                    {
                        json.WriteNullValue();
                    }
                }

                json.WriteEndArray();
            }
        }

        stream.WriteByte((byte)'\n');
    }
}
