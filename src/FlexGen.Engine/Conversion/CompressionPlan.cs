using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Packed;
using FlexGen.Engine.Layers;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Conversion;

/// <summary>The files of a checkpoint in 4 bits, before any is written.</summary>
internal sealed class CompressionPlan
{
    private static readonly JsonSerializerOptions indented = new() { WriteIndented = true };

    // What a model folder may have beside its weights that whoever runs it or passes it on needs.
    private static readonly string[] carried = [".json", ".txt", ".model", ".jinja", ".md", ""];

    /// <summary>The folder of chat templates beside the default one.</summary>
    private const string Templates = "additional_chat_templates";

    private readonly Checkpoint checkpoint;
    private readonly int group;

    /// <param name="checkpoint">The model's own.</param>
    /// <param name="model">The model.</param>
    /// <param name="group">Elements of a row that share a scale.</param>
    /// <param name="shardBytes">The most bytes of tensors that a file holds, unless it is one that has more.</param>
    public CompressionPlan(Checkpoint checkpoint, Model model, int group, long shardBytes)
    {
        (this.checkpoint, this.group) = (checkpoint, group);
        var uses = model.Layers.SelectMany(l => l.Weights).ToLookup(w => w.Name);
        var tensors = checkpoint.StoredTensors
            .OrderBy(t => t.File.Path, StringComparer.Ordinal).ThenBy(t => t.Entry.Begin).ThenBy(t => t.Entry.Name, StringComparer.Ordinal)
            .Select(t => uses[t.Entry.Name].ToList() is { Count: > 0 } specs && specs.TrueForAll(s => s.IsLinear) ? Packed(specs[0])
                : AsStored(t, isWeight: uses.Contains(t.Entry.Name))).ToList();
        Packs = tensors.Count(t => t.Matrix is not null);
        StoredBytes = checkpoint.StoredTensors.Sum(t => t.Entry.End - t.Entry.Begin);
        var parts = Cut(tensors, shardBytes);
        Shards =
        [
            .. parts.Select((part, n) => new Shard(
                parts.Count == 1 ? CheckpointFiles.Single : $"model-{n + 1:00000}-of-{parts.Count:00000}.safetensors", part, group)),
        ];
    }

    /// <summary>In the order in which they are written.</summary>
    public IReadOnlyList<Shard> Shards { get; }

    /// <summary>How many weights are packed.</summary>
    public int Packs { get; }

    /// <summary>Bytes of the tensors as they are stored now.</summary>
    public long StoredBytes { get; }

    /// <summary>The other files, in the order in which they are written: config.json is the last, without which a folder is no model.</summary>
    public IEnumerable<(string Name, byte[] Content)> Others()
    {
        foreach (var path in Directory.GetFiles(checkpoint.Folder).Order(StringComparer.Ordinal).Where(IsCarried))
        {
            yield return (Path.GetFileName(path), JsonFile.ReadBytes(path));
        }

        var templates = Path.Combine(checkpoint.Folder, Templates);
        foreach (var path in Directory.Exists(templates) ? Directory.GetFiles(templates, "*.jinja").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            yield return (Path.Combine(Templates, Path.GetFileName(path)), JsonFile.ReadBytes(path));
        }

        if (Shards.Count > 1)
        {
            yield return (CheckpointFiles.Index, Json(new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = Shards.Sum(s => s.Tensors.Sum(t => t.Bytes)) },
                ["weight_map"] = new JsonObject(Shards.SelectMany(s => s.Tensors.Select(t => KeyValuePair.Create(t.Name, (JsonNode?)s.Name)))),
            }));
        }

        var config = JsonNode.Parse(checkpoint.Config.GetRawText())!.AsObject();
        config[QuantizationConfig.Key] = QuantizationConfig.Describe(group);
        yield return (ModelFolder.Config, Json(config));
    }

    private static byte[] Json(JsonObject json) => [.. JsonSerializer.SerializeToUtf8Bytes(json, indented), (byte)'\n'];

    private static bool IsCarried(string path) => Path.GetFileName(path) is var name && !name.StartsWith('.') && carried.Contains(Path.GetExtension(name))
        && name is not (ModelFolder.Config or CheckpointFiles.Index);

    private static List<List<OutputTensor>> Cut(List<OutputTensor> tensors, long shardBytes)
    {
        var parts = new List<List<OutputTensor>> { new() };
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            if (bytes > 0 && bytes + tensor.Bytes > shardBytes)
            {
                parts.Add([]);
                bytes = 0;
            }

            parts[^1].Add(tensor);
            bytes += tensor.Bytes;
        }

        return parts;
    }

    private static OutputTensor AsStored(StoredPart tensor, bool isWeight) => new(
        tensor.Entry.Name, tensor.Entry.Type, tensor.Entry.Shape, tensor.Entry.End - tensor.Entry.Begin, null,
        (start, to, bytes) =>
        {
            tensor.File.Read(tensor.Entry, start, to, bytes);
            if (isWeight)
            {
                tensor.RequireFinite(start, to, bytes);
            }
        });

    private OutputTensor Packed(WeightSpec spec)
    {
        var shape = new PackedShape(spec.Shape[0], spec.Shape[1], group);
        return new(
            spec.Name, "U8", TiledTensor.StoredShape(shape), shape.Bytes, [.. spec.Shape],
            (start, to, bytes) => checkpoint.ReadPacked(spec, shape, start, to, bytes));
    }
}
