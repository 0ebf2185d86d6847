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
        var header = Header(tensors);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        foreach (var (_, tensor) in tensors)
        {
            using var scope = NewDisposeScope();
            file.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    private static byte[] Header(IReadOnlyList<KeyValuePair<string, Tensor>> tensors)
    {
        // Hugging Face refuses a file that does not say which framework's layout it has.
        var entries = new Dictionary<string, object> { ["__metadata__"] = new { format = "pt" } };
        var begin = 0L;
        foreach (var (name, tensor) in tensors)
        {
            var end = begin + tensor.ByteCount();
            entries.Add(name, new { dtype = SafetensorsTypes.Name(tensor.dtype), shape = tensor.shape, data_offsets = (long[])[begin, end] });
            begin = end;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(entries);
        var padded = new byte[(json.Length + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        json.CopyTo(padded, 0);
        return padded;
    }
}
