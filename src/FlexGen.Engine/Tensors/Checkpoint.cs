using System.Text.Json;
using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>A Hugging Face model folder: config.json, generation_config.json where there is one, and safetensors files.</summary>
public sealed class Checkpoint : IWeightSource
{
    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, SafetensorsFile> tensors;

    private Checkpoint(string folder)
    {
        Folder = folder = ModelFolder.Find(folder);
        ModelFolder.RequireModel(folder);
        Config = JsonFile.ReadObject(Path.Combine(folder, "config.json"));
        EndOfSequenceIds = ReadEndOfSequence();
        try
        {
            tensors = CheckpointFiles.Open(folder, files);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder: of a cache's repository, the snapshot.</summary>
    public string Folder { get; }

    /// <summary>What config.json holds.</summary>
    public JsonElement Config { get; }

    /// <summary>The tokens that end a sequence: generation_config.json's, else config.json's; none if neither names any.</summary>
    public IReadOnlyList<int> EndOfSequenceIds { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>Opens a folder: reads its JSON files and the headers of its safetensors files, and maps these.</summary>
    /// <exception cref="CheckpointException">A file is missing, or is not what it says it is.</exception>
    public static Checkpoint Open(string folder) => new(folder);

    /// <summary>Whether the checkpoint holds a tensor of this name.</summary>
    public bool Contains(string name) => tensors.ContainsKey(name);

    /// <summary>A tensor's shape.</summary>
    public IReadOnlyList<long> Shape(string name) => Entry(name).Shape;

    /// <summary>Whether two tensors have the same shape and values.</summary>
    public bool AreEqual(string one, string other) => TensorComparison.AreEqual(tensors[one], Entry(one), tensors[other], Entry(other));

    /// <summary>The type that most bytes of the matrices that a model asks for are stored in; for float64, which nothing computes in, float32.</summary>
    public ScalarType StoredType(Model model)
    {
        var matrices = model.Layers.SelectMany(l => l.Weights).Where(w => w.Shape.Count > 1).Select(w => Entry(w.Name)).Distinct();
        var most = matrices.GroupBy(e => e.Type).MaxBy(g => g.Sum(e => e.End - e.Begin))!.Key;
        return SafetensorsTypes.Type(most) is { } type and not ScalarType.Float64 ? type : ScalarType.Float32;
    }

    /// <summary>Holds a weight against what is stored.</summary>
    /// <exception cref="CheckpointException">It is not there, its shape is another, or it is stored in a type that weights cannot have.</exception>
    public void Check(WeightSpec spec)
    {
        if (!tensors.TryGetValue(spec.Name, out var file))
        {
            throw new CheckpointException($"{Folder}: tensor '{spec.Name}' [{string.Join(", ", spec.Shape)}], which config.json asks for, is missing");
        }

        var entry = file.Entries[spec.Name];
        if (!entry.Shape.SequenceEqual(spec.Shape))
        {
            throw new CheckpointException(
                $"{file.Path}: tensor '{spec.Name}' is [{string.Join(", ", entry.Shape)}], but by config.json it must be [{string.Join(", ", spec.Shape)}]");
        }

        if (!SafetensorsTypes.IsWeight(SafetensorsTypes.Type(entry.Type)))
        {
            throw new CheckpointException($"{file.Path}: tensor '{spec.Name}' is stored as {entry.Type}; weights must be F32, F16, BF16 or F64");
        }
    }

    /// <summary>
    /// A weight. Where it is stored in the wanted type and the device is the CPU it is a view over the memory map: without a copy,
    /// not to be written to, and not to be used after this checkpoint is disposed. Otherwise it is a copy.
    /// </summary>
    /// <exception cref="CheckpointException">It is not there, its shape is another, or it is stored in a type that weights cannot have.</exception>
    public Tensor Load(WeightSpec spec, ScalarType dtype, Device device)
    {
        Check(spec);
        var (file, entry) = (tensors[spec.Name], Entry(spec.Name));
        var view = file.View(entry);
        if (view.dtype == dtype && device.type == TorchSharp.DeviceType.CPU)
        {
            return view;
        }

        using (view)
        {
            var copy = view.to(dtype, device);
            file.Forget(entry);
            return copy;
        }
    }

    /// <inheritdoc/>
    public void Forget(WeightSpec spec) => tensors[spec.Name].Forget(Entry(spec.Name));

    public void Dispose() => files.ForEach(f => f.Dispose());

    private SafetensorsEntry Entry(string name) => tensors[name].Entries[name];

    private int[] ReadEndOfSequence()
    {
        var path = Path.Combine(Folder, "generation_config.json");
        return (File.Exists(path) ? EndOfSequence(path, JsonFile.ReadObject(path)) : null)
            ?? EndOfSequence(Path.Combine(Folder, "config.json"), Config) ?? [];
    }

    private static int[]? EndOfSequence(string path, JsonElement config)
    {
        if (!config.TryGetProperty("eos_token_id", out var ids) || ids.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        JsonElement[] several = ids.ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray()] : [ids];
        return [.. several.Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value)
            ? value
            : throw new CheckpointException($"{path}: 'eos_token_id' must be an integer or a list of integers; found {ids.GetRawText()}"))];
    }
}
