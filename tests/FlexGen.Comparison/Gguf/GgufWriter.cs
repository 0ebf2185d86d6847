using System.Text;

namespace FlexGen.Comparison.Gguf;

/// <summary>
/// Writes a GGUF file of version 3 (github.com/ggml-org/ggml, docs/gguf.md): what it says of itself, where its tensors lie, and the tensors in that order, each as
/// it comes. A tensor's shape is written from the fastest dimension on.
/// </summary>
internal sealed class GgufWriter : IDisposable
{
    private const int Alignment = 32;
    private readonly FileStream file;
    private readonly IReadOnlyList<Tensor> tensors;
    private byte[] encoded = [];
    private int next;

    /// <param name="Name">As the model's architecture names it.</param>
    /// <param name="Shape">Rows first.</param>
    /// <param name="Type">How it is stored.</param>
    internal sealed record Tensor(string Name, IReadOnlyList<long> Shape, GgufType Type)
    {
        public long Bytes => GgufBlocks.Bytes(Type, Shape.Aggregate(1L, (a, b) => a * b));
    }

    /// <summary>Writes all that comes before the first tensor.</summary>
    /// <param name="path">A file of that path is replaced.</param>
    /// <param name="metadata">Values of the types uint, int, float and string, and arrays of the latter three.</param>
    /// <param name="tensors">In the order in which they will be written.</param>
    public GgufWriter(string path, IReadOnlyList<KeyValuePair<string, object>> metadata, IReadOnlyList<Tensor> tensors)
    {
        (file, this.tensors) = (File.Create(path), tensors);
        using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Count);
        writer.Write((long)metadata.Count);
        foreach (var (key, value) in metadata)
        {
            Write(writer, key);
            WriteValue(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            Write(writer, tensor.Name);
            writer.Write(tensor.Shape.Count);
            foreach (var length in tensor.Shape.Reverse())
            {
                writer.Write(length);
            }

            writer.Write((int)tensor.Type);
            writer.Write(offset);
            offset += (tensor.Bytes + Alignment - 1) / Alignment * Alignment;
        }

        writer.Flush();
        Pad();
    }

    /// <summary>Writes the next tensor.</summary>
    /// <param name="elements">All of its elements, row by row.</param>
    public void Append(ReadOnlySpan<float> elements)
    {
        var tensor = tensors[next++];
        if (encoded.Length < tensor.Bytes)
        {
            encoded = new byte[tensor.Bytes];
        }

        var bytes = encoded.AsSpan(0, checked((int)tensor.Bytes));
        GgufBlocks.Encode(tensor.Type, elements, bytes);
        file.Write(bytes);
        Pad();
    }

    /// <summary>Ends the file.</summary>
    /// <exception cref="InvalidOperationException">Not all tensors were written.</exception>
    public void Complete()
    {
        if (next != tensors.Count)
        {
            throw new InvalidOperationException($"{next} of {tensors.Count} tensors were written");
        }

        file.Flush();
    }

    public void Dispose() => file.Dispose();

    private static void WriteValue(BinaryWriter writer, object value)
    {
        writer.Write(TypeNumber(value));
        if (value is Array array)
        {
            writer.Write(TypeNumber(array.GetValue(0)!));
            writer.Write((long)array.Length);
        }

        foreach (var one in value is Array several ? several : new[] { value })
        {
            switch (one)
            {
                case uint number:
                    writer.Write(number);
                    break;
                case int number:
                    writer.Write(number);
                    break;
                case float number:
                    writer.Write(number);
                    break;
                case string text:
                    Write(writer, text);
                    break;
            }
        }
    }

    private static int TypeNumber(object value) => value switch
    {
        uint => 4,
        int => 5,
        float => 6,
        string => 8,
        Array => 9,
        _ => throw new ArgumentException($"{value.GetType()} is no type that is written here", nameof(value)),
    };

    private static void Write(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private void Pad() => file.Write(new byte[(Alignment - (file.Position % Alignment)) % Alignment]);
}
