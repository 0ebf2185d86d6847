using System.Text.Json;
using FlexGen.Engine.Checkpoints.Packed;
using FlexGen.Engine.Checkpoints.Safetensors;

namespace FlexGen.Engine.Conversion;

/// <summary>One safetensors file of a checkpoint that is written: known to the byte but for the tensors' own.</summary>
internal sealed class Shard
{
    /// <param name="name">The file's name.</param>
    /// <param name="tensors">What it holds, in order.</param>
    /// <param name="group">Elements of a row that share a scale.</param>
    public Shard(string name, IReadOnlyList<OutputTensor> tensors, int group)
    {
        (Name, Tensors) = (name, tensors);
        var entries = new List<SafetensorsEntry>();
        var end = 0L;
        foreach (var tensor in tensors)
        {
            entries.Add(new(tensor.Name, tensor.Type, tensor.Shape, end, end + tensor.Bytes));
            end += tensor.Bytes;
        }

        var packed = tensors.Where(t => t.Matrix is not null).ToDictionary(t => t.Name, t => t.Matrix!);
        Header = SafetensorsWriter.Header(entries, new()
        {
            ["format"] = "pt",
            ["flexgen.quantization"] = QuantizationConfig.Describe(group).ToJsonString(),
            [TiledTensor.ShapesKey] = JsonSerializer.Serialize(packed),
        });
        Bytes = Header.Length + end;
    }

    public string Name { get; }

    public IReadOnlyList<OutputTensor> Tensors { get; }

    /// <summary>What comes before the tensors' bytes.</summary>
    public byte[] Header { get; }

    /// <summary>Of all the file.</summary>
    public long Bytes { get; }
}
