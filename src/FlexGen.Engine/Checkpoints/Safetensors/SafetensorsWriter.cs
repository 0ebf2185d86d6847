using System.Buffers.Binary;
using System.Text.Json;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes the tensors, in this order and in the types they have, each below 2 GiB; a file of that path is replaced.</summary>
    public static void Write(string path, IReadOnlyList<KeyValuePair<string, Tensor>> tensors)
    {
        using var file = File.Create(path);
        file.Write(Header(tensors));
        foreach (var (_, tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            file.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    /// <summary>The beginning of a file: the header's length, and the header, padded.</summary>
    /// <param name="entries">The tensors, one after another.</param>
    /// <param name="metadata">What the file says of itself.</param>
    internal static byte[] Header(IEnumerable<SafetensorsEntry> entries, Dictionary<string, string> metadata)
    {
        var members = new Dictionary<string, object> { [SafetensorsHeader.MetadataKey] = metadata };
        foreach (var entry in entries)
        {
            members.Add(entry.Name, new { dtype = entry.Type, shape = entry.Shape, data_offsets = (long[])[entry.Begin, entry.End] });
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(members);
        var header = new byte[sizeof(long) + ((json.Length + 7) / 8 * 8)];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(long));
        json.CopyTo(header, sizeof(long));
        return header;
    }

    private static byte[] Header(IReadOnlyList<KeyValuePair<string, Tensor>> tensors)
    {
        var entries = new List<SafetensorsEntry>();
        var begin = 0L;
        foreach (var (name, tensor) in tensors)
        {
            var end = begin + tensor.ByteCount();
            entries.Add(new(name, SafetensorsTypes.Name(tensor.dtype), tensor.shape, begin, end));
            begin = end;
        }
        // Hugging Face refuses a file that does not say which framework's layout it has.
        return Header(entries, new() { ["format"] = "pt" });
    }
}
