using System.Text.Json;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>Finds the weights that a checkpoint stores in 4 bits among its tensors.</summary>
internal static class PackedTensors
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    /// <summary>What the names of other programs' 4-bit numbers end in.</summary>
    private const string Numbers = ".qweight";

    private const int LargestGroup = 128;

    /// <summary>A tensor that only a quantised checkpoint has; null: there is none.</summary>
    public static string? Sign(IEnumerable<string> names) => names.FirstOrDefault(n => n.EndsWith(Numbers, StringComparison.Ordinal));

    /// <summary>The weight that a bias of this name belongs to.</summary>
    public static string? WeightOfBias(string name) => name.EndsWith(Bias, StringComparison.Ordinal) ? name[..^Bias.Length] + Weight : null;

    /// <summary>Takes the tensors that such weights are stored as out of a checkpoint's, and gives the weights under their names in the model.</summary>
    /// <param name="config">How they are stored.</param>
    /// <param name="tensors">The file of each tensor.</param>
    /// <exception cref="CheckpointException">A part of one is missing, or there is none at all.</exception>
    public static Dictionary<string, PackedTensor> Take(QuantizationConfig config, Dictionary<string, SafetensorsFile> tensors)
    {
        var found = (config.Method == QuantizationMethod.Own ? Own(config, tensors) : Columnwise(config, tensors)).ToList();
        return found.Count > 0 ? found.ToDictionary(t => t.Name) : throw new CheckpointException(
            $"config.json: '{QuantizationConfig.Key}' is there, but no tensor is stored as it says; where nothing is quantised, remove it");
    }

    private static IEnumerable<PackedTensor> Own(QuantizationConfig config, Dictionary<string, SafetensorsFile> tensors)
    {
        foreach (var file in tensors.Values.Distinct().ToList())
        {
            foreach (var (name, shape) in Shapes(file))
            {
                var part = Take(tensors, name) ?? throw new CheckpointException($"{file.Path}: tensor '{name}' is not in it, though its metadata says so");
                yield return new TiledTensor(name, new(shape[0], shape[1], config.Group ?? LargestGroup), part);
            }
        }
    }

    private static Dictionary<string, long[]> Shapes(SafetensorsFile file)
    {
        try
        {
            return file.Metadata.TryGetValue(TiledTensor.ShapesKey, out var json)
                && JsonSerializer.Deserialize<Dictionary<string, long[]>>(json) is { } shapes
                && shapes.Values.All(s => s is [>= 0, >= 0])
                    ? shapes
                    : throw new CheckpointException($"{file.Path}: its metadata does not say, as '{TiledTensor.ShapesKey}', what is stored in 4 bits");
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"{file.Path}: its metadata '{TiledTensor.ShapesKey}' is not JSON: {exception.Message}", exception);
        }
    }

    private static IEnumerable<PackedTensor> Columnwise(QuantizationConfig config, Dictionary<string, SafetensorsFile> tensors)
    {
        foreach (var stored in tensors.Keys.Where(name => name.EndsWith(Numbers, StringComparison.Ordinal)).ToList())
        {
            var prefix = stored[..^Numbers.Length];
            var numbers = Take(tensors, stored)!;
            if (tensors.ContainsKey(prefix + Weight))
            {
                throw numbers.Refused($"is there, and '{prefix}{Weight}', too; only one of them can be meant");
            }

            var (zeros, scales, groupOfInput) = (Part(".qzeros"), Part(".scales"), Take(tensors, prefix + ".g_idx"));
            var (rows, columns) = numbers.Entry.Shape is [var r, var c]
                ? (r, c)
                : throw numbers.Refused($"is [{string.Join(", ", numbers.Entry.Shape)}]; two dimensions are expected");
            var (output, input) = config.Method == QuantizationMethod.Gptq ? (columns, rows * 8) : (columns * 8, rows);
            var group = config.Group ?? input;
            var packed = new PackedShape(output, input, (int)Math.Min(config.Group ?? LargestGroup, LargestGroup));
            yield return config.Method == QuantizationMethod.Gptq
                ? new GptqTensor(prefix + Weight, packed, group, config, numbers, zeros, scales, groupOfInput)
                : new AwqTensor(prefix + Weight, packed, group, numbers, zeros, scales);

            StoredPart Part(string suffix) => Take(tensors, prefix + suffix)
                ?? throw numbers.Refused($"is there without '{prefix}{suffix}', which belongs to it");
        }
    }

    private static StoredPart? Take(Dictionary<string, SafetensorsFile> tensors, string name) =>
        tensors.Remove(name, out var file) ? new(file, file.Entries[name]) : null;
}
