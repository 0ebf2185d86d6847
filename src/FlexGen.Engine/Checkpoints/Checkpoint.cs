using System.Text.Json;
using FlexGen.Engine.Checkpoints.Packed;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints;

/// <summary>A Hugging Face model folder: config.json, generation_config.json where there is one, and safetensors files.</summary>
public sealed class Checkpoint : IWeightSource
{
    /// <summary>Memory that weights go through where they are wanted in another type or on a GPU.</summary>
    private const long StagingBytes = 32 << 20;

    /// <summary>Bytes of a bias that is looked at.</summary>
    private const long LongestBias = 16 << 20;

    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, SafetensorsFile> tensors;
    private readonly Dictionary<string, PackedTensor> packed;
    private readonly Dictionary<string, bool> zeroBiases = [];
    private readonly ModelFiles asOpened;
    private HostMemory? staging;

    private Checkpoint(string folder)
    {
        Folder = folder = ModelFolder.Find(folder);
        ModelFolder.RequireModel(folder);
        asOpened = ModelFiles.In(folder);
        Config = JsonFile.ReadObject(Path.Combine(folder, "config.json"));
        EndOfSequenceIds = ReadEndOfSequence();
        try
        {
            Quantization = QuantizationConfig.Read(Config);
            tensors = CheckpointFiles.Open(folder, files);
            if (Quantization is null && PackedTensors.Sign(tensors.Keys) is { } sign)
            {
                Quantization = QuantizationConfig.ReadBeside(folder, JsonFile.ReadObject) ?? throw new CheckpointException(
                    $"{folder}: tensor '{sign}' is of a quantised checkpoint, but config.json has no '{QuantizationConfig.Key}' to say how it is stored");
            }

            packed = Quantization is null ? [] : PackedTensors.Take(Quantization, tensors);
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

    /// <summary>The names of all tensors, as the model has them.</summary>
    public IReadOnlyCollection<string> Names => [.. tensors.Keys, .. packed.Keys];

    /// <summary>All tensors that are stored as such.</summary>
    internal IEnumerable<StoredPart> StoredTensors => tensors.Select(t => new StoredPart(t.Value, t.Value.Entries[t.Key]));

    /// <summary>How weights are stored in 4 bits; null: none are.</summary>
    internal QuantizationConfig? Quantization { get; }

    /// <summary>Opens a folder: reads its JSON files and the headers of its safetensors files.</summary>
    /// <exception cref="CheckpointException">A file is missing, or is not what it says it is.</exception>
    public static Checkpoint Open(string folder) => new(folder);

    /// <summary>Whether the checkpoint holds a tensor of this name.</summary>
    public bool Contains(string name) => tensors.ContainsKey(name) || packed.ContainsKey(name);

    /// <summary>A tensor's shape.</summary>
    public IReadOnlyList<long> Shape(string name) => packed.TryGetValue(name, out var weight) ? weight.Shape : Entry(name).Shape;

    /// <summary>Whether two tensors have the same shape and values; of those that are stored in 4 bits, none has.</summary>
    public bool AreEqual(string one, string other) => !packed.ContainsKey(one) && !packed.ContainsKey(other)
        && TensorComparison.AreEqual(tensors[one], Entry(one), tensors[other], Entry(other));

    /// <summary>Whether a tensor is a bias of zeros beside a weight in 4 bits: GPTQ's programs have written some for layers that have none.</summary>
    internal bool IsZeroBias(string name)
    {
        if (PackedTensors.WeightOfBias(name) is not { } weight || !packed.ContainsKey(weight))
        {
            return false;
        }

        if (!zeroBiases.TryGetValue(name, out var isZero))
        {
            var bytes = new byte[Math.Min(Entry(name).End - Entry(name).Begin, LongestBias)];
            tensors[name].Read(Entry(name), 0, bytes);
            zeroBiases.Add(name, isZero = bytes.Length < LongestBias && !bytes.AsSpan().ContainsAnyExcept((byte)0));
        }

        return isZero;
    }

    /// <summary>
    /// The type that most bytes of the matrices that a model asks for are stored in, those in 4 bits aside; for float64, which nothing computes in, float32.
    /// </summary>
    public ScalarType StoredType(Model model)
    {
        var matrices = model.Layers.SelectMany(l => l.Weights).Where(w => w.Shape.Count > 1 && !packed.ContainsKey(w.Name))
            .Select(w => Entry(w.Name)).Distinct();
        var most = matrices.GroupBy(e => e.Type).MaxBy(g => g.Sum(e => e.End - e.Begin))!.Key;
        return SafetensorsTypes.Type(most) is { } type and not ScalarType.Float64 ? type : ScalarType.Float32;
    }

    /// <summary>Holds a weight against what is stored.</summary>
    /// <exception cref="CheckpointException">It is not there, its shape is another, or it is stored in a type that weights cannot have.</exception>
    public void Check(WeightSpec spec)
    {
        if (FindPacked(spec) is null)
        {
            Find(spec);
        }
    }

    /// <summary>A weight in memory of its own.</summary>
    /// <exception cref="CheckpointException">It is not there, its shape is another, or it is stored in a type that weights cannot have.</exception>
    public Tensor Load(WeightSpec spec, ScalarType dtype, Device device) => IWeightSource.Load(this, spec, dtype, device);

    /// <inheritdoc/>
    public void Read(WeightSpec spec, long first, Tensor to)
    {
        var (file, entry) = Find(spec);
        var (stored, size) = (SafetensorsTypes.Type(entry.Type)!.Value, SafetensorsTypes.Size(entry.Type)!.Value);
        if (to.dtype == stored && to.device.type == TorchSharp.DeviceType.CPU)
        {
            file.Read(entry, first * size, to.Address(), to.ByteCount());
            return;
        }

        staging ??= new(StagingBytes, pinned: to.device.type != TorchSharp.DeviceType.CPU);
        var most = StagingBytes / size;
        for (var at = 0L; at < to.numel(); at += most)
        {
            var count = Math.Min(most, to.numel() - at);
            file.Read(entry, (first + at) * size, staging.Address, count * size);
            using var piece = Tensor.UnsafeCreateTensor(TensorFromMemory.Create(staging.Address, [count], (int)stored));
            using var part = to.narrow(0, at, count);
            part.copy_(piece);
        }
    }

    /// <inheritdoc/>
    public int? PackedGroup(WeightSpec spec) => FindPacked(spec)?.Packed.Group;

    /// <inheritdoc/>
    public void ReadPacked(WeightSpec spec, PackedShape shape, long start, IntPtr to, long bytes)
    {
        if (FindPacked(spec) is { } weight)
        {
            weight.Read(start, to, bytes);
            return;
        }

        var (file, entry) = Find(spec);
        PackedReader.Quantize(shape, start, to, bytes, new StoredRows(file, entry, shape.Columns).Read, found => new CheckpointException(
            $"{file.Path}: tensor '{spec.Name}' cannot be kept in 4 bits: {found}"));
    }

    /// <inheritdoc/>
    public void RequireUnchanged() => asOpened.RequireUnchanged();

    public void Dispose()
    {
        files.ForEach(f => f.Dispose());
        staging?.Dispose();
    }

    private PackedTensor? FindPacked(WeightSpec spec)
    {
        if (!packed.TryGetValue(spec.Name, out var weight))
        {
            return null;
        }

        RequireShape(weight.Path, spec, weight.Shape);
        weight.Require();
        return spec.IsLinear ? weight : throw new CheckpointException(
            $"{weight.Path}: tensor '{spec.Name}' is stored in 4 bits, and only weights that nothing but a linear layer uses can be");
    }

    private (SafetensorsFile File, SafetensorsEntry Entry) Find(WeightSpec spec)
    {
        if (!tensors.TryGetValue(spec.Name, out var file))
        {
            if (packed.ContainsKey(spec.Name))
            {
                throw new InvalidOperationException($"'{spec.Name}' is stored in 4 bits, and only read packed");
            }

            throw new CheckpointException($"{Folder}: tensor '{spec.Name}' [{string.Join(", ", spec.Shape)}], which config.json asks for, is missing");
        }

        var entry = file.Entries[spec.Name];
        RequireShape(file.Path, spec, entry.Shape);
        return SafetensorsTypes.IsWeight(SafetensorsTypes.Type(entry.Type))
            ? (file, entry)
            : throw new CheckpointException($"{file.Path}: tensor '{spec.Name}' is stored as {entry.Type}; weights must be F32, F16, BF16 or F64");
    }

    private static void RequireShape(string path, WeightSpec spec, IReadOnlyList<long> stored)
    {
        if (!stored.SequenceEqual(spec.Shape))
        {
            throw new CheckpointException(
                $"{path}: tensor '{spec.Name}' is [{string.Join(", ", stored)}], but by config.json it must be [{string.Join(", ", spec.Shape)}]");
        }
    }

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
