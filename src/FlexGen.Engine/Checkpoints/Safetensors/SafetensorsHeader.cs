using System.Text.Json;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>Reads the header of a safetensors file and believes none of it: whatever does not fit the file is refused.</summary>
internal static class SafetensorsHeader
{
    /// <summary>The member that is no tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>The entries by name.</summary>
    /// <param name="file">The file's path, for messages.</param>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">Bytes that follow the header.</param>
    /// <param name="metadata">What the file says of itself; of values that are no texts, nothing.</param>
    public static Dictionary<string, SafetensorsEntry> Parse(
        string file, ReadOnlyMemory<byte> json, long dataLength, out IReadOnlyDictionary<string, string> metadata)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var entries = Entries(file, document, dataLength);
            metadata = Metadata(document.RootElement);
            return entries;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is no valid Unicode, found when it is read.
            throw new CheckpointException($"{file}: the header is not JSON: {exception.Message}", exception);
        }
    }

    private static Dictionary<string, SafetensorsEntry> Entries(string file, JsonDocument document, long dataLength)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{file}: the header is not a JSON object but {document.RootElement.ValueKind}");
        }

        var entries = new Dictionary<string, SafetensorsEntry>();
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name != MetadataKey && !entries.TryAdd(member.Name, Entry(file, member, dataLength)))
            {
                throw new CheckpointException($"{file}: the header names tensor '{member.Name}' twice");
            }
        }

        CheckLayout(file, entries.Values, dataLength);
        return entries;
    }

    private static Dictionary<string, string> Metadata(JsonElement header)
    {
        var texts = new Dictionary<string, string>();
        if (header.TryGetProperty(MetadataKey, out var section) && section.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in section.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.String))
            {
                texts[member.Name] = member.Value.GetString()!;
            }
        }

        return texts;
    }

    private static SafetensorsEntry Entry(string file, JsonProperty member, long dataLength)
    {
        var (name, value) = (member.Name, member.Value);
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || Integers(shape) is not { } sizes
            || !value.TryGetProperty("data_offsets", out var offsets) || Integers(offsets) is not [var begin, var end])
        {
            throw Refused(file, name, "its header entry must have a string 'dtype', a 'shape' of integers and two 'data_offsets', all 0 or above");
        }

        if (begin > end || end > dataLength)
        {
            throw Refused(file, name, $"its data_offsets [{begin}, {end}] do not lie within the {dataLength} bytes of data in the file; was "
                + "the download cut short?");
        }

        var entry = new SafetensorsEntry(name, type.GetString()!, sizes, begin, end);
        if (SafetensorsTypes.Size(entry.Type) is { } elementSize && Bytes(sizes, elementSize) is var expected && expected != end - begin)
        {
            throw Refused(file, name, $"{entry.Type} [{string.Join(", ", sizes)}] takes {expected} bytes, but its data_offsets [{begin}, "
                + $"{end}] span {end - begin}");
        }

        return entry;
    }

    private static void CheckLayout(string file, IEnumerable<SafetensorsEntry> entries, long dataLength)
    {
        var (end, before) = (0L, "");
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != end)
            {
                throw Refused(file, entry.Name, entry.Begin < end
                    ? $"its bytes [{entry.Begin}, {entry.End}] overlap those of tensor '{before}', which end at {end}"
                    : $"its bytes begin at {entry.Begin}, but the tensor before it ends at {end}: the format allows no gap");
            }

            (end, before) = (entry.End, entry.Name);
        }

        if (end != dataLength)
        {
            throw new CheckpointException($"{file}: the header describes {end} bytes of data, but the file holds {dataLength}");
        }
    }

    private static long[]? Integers(JsonElement array)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var values = new long[array.GetArrayLength()];
        for (var n = 0; n < values.Length; n++)
        {
            if (array[n].ValueKind != JsonValueKind.Number || !array[n].TryGetInt64(out values[n]) || values[n] < 0)
            {
                return null;
            }
        }

        return values;
    }

    /// <summary>Wide enough for any product of sizes that a header can claim to be compared with a file's length.</summary>
    private static Int128 Bytes(long[] shape, int elementSize)
    {
        Int128 bytes = elementSize;
        foreach (var size in shape)
        {
            bytes = Int128.Min(bytes, Int128.MaxValue >> 64) * size;
        }

        return bytes;
    }

    private static CheckpointException Refused(string file, string tensor, string why) => new($"{file}: tensor '{tensor}': {why}");
}
