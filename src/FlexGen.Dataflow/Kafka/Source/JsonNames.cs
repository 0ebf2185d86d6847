using System.Text;
using System.Text.Json;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// Finds a name that an object has twice: one reader takes the first field of the name and another the last, so no one can say what was asked.
/// </summary>
/// <param name="json">What the object is in.</param>
internal readonly struct JsonNames(byte[] json)
{
    /// <summary>Names are compared one by one up to here.</summary>
    private const int Few = 32;
    private static readonly JsonDocumentOptions strict = new() { AllowDuplicateProperties = false };

    [ThreadStatic]
    private static List<ReadOnlyMemory<byte>>? namesOfThread;

    private readonly List<ReadOnlyMemory<byte>> names = Cleared();

    /// <summary>Takes the name that the reader is at.</summary>
    /// <exception cref="RecordException">The object has it already.</exception>
    public void Add(ref Utf8JsonReader reader)
    {
        if (names.Count == Few)
        {
            Check(json);
        }

        if (names.Count >= Few)
        {
            names.Add(default);
            return;
        }

        foreach (var name in names)
        {
            if (reader.ValueTextEquals(name.Span))
            {
                throw Twice(Encoding.UTF8.GetString(name.Span));
            }
        }

        names.Add(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!)
            : json.AsMemory((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length));
    }

    /// <summary>Checks every object in a value.</summary>
    /// <exception cref="RecordException">One has a name twice.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static void Check(ReadOnlyMemory<byte> value)
    {
        try
        {
            using var document = JsonDocument.Parse(value, strict);
        }
        catch (JsonException e) when (e.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            throw new RecordException("duplicate_field", $"the message has an object with a field twice: {e.Message}");
        }
    }

    private static RecordException Twice(string name) => new("duplicate_field", $"the message has the field '{name}' twice.");

    private static List<ReadOnlyMemory<byte>> Cleared()
    {
        namesOfThread ??= [];
        namesOfThread.Clear();
        return namesOfThread;
    }
}
