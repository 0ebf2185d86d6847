using System.Text.Json;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Packed;
using FlexGen.Engine.Layers;

namespace FlexGen.Engine.Models;

/// <summary>
/// Turns a checkpoint's config.json into a model. Each family is one subclass with a parameterless constructor, found by
/// reflection: adding one changes no other file.
/// </summary>
public abstract class ModelFamily
{
    private static readonly ModelFamily[] families = [.. typeof(ModelFamily).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(ModelFamily)) && !t.IsAbstract)
        .Select(t => (ModelFamily)Activator.CreateInstance(t, nonPublic: true)!)
        .OrderBy(f => f.Architecture, StringComparer.Ordinal)];

    /// <summary>The entry of 'architectures' in config.json that this family runs.</summary>
    internal abstract string Architecture { get; }

    /// <summary>Its 'model_type', for a config.json that names no architecture.</summary>
    internal abstract string ModelType { get; }

    /// <summary>The model of a checkpoint, once it is known that config.json and tensors fit each other.</summary>
    /// <exception cref="CheckpointException">
    /// No family runs its architecture, a value is missing, of the wrong kind or contradicts another, or a tensor is missing, has another
    /// shape than config.json says, or would be left out.
    /// </exception>
    public static Model Create(Checkpoint checkpoint)
    {
        var config = new ModelConfig(checkpoint.Config);
        var (family, stored) = (Find(config), new StoredTensors(checkpoint.Contains, checkpoint));
        var model = family.Build(config, stored);
        TensorCheck.Require(checkpoint, model, Variants(family, config, checkpoint.Config, stored));
        return model;
    }

    /// <summary>The model that a config.json describes.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="hasTensor">Whether the checkpoint holds a tensor: names differ between checkpoints of one family.</param>
    /// <exception cref="CheckpointException">No family runs its architecture, or a value is missing, of the wrong kind or contradicts another.</exception>
    public static Model Create(JsonElement config, Func<string, bool> hasTensor)
    {
        var reader = new ModelConfig(config);
        _ = QuantizationConfig.Read(config);
        return Find(reader).Build(reader, new(hasTensor));
    }

    private static ModelFamily Find(ModelConfig reader)
    {
        var architectures = reader.Texts("architectures");
        var modelType = reader.Text("model_type", "");
        var family = Array.Find(families, f => architectures.Count > 0 ? architectures.Contains(f.Architecture) : f.ModelType == modelType);
        if (family is null)
        {
            var found = architectures.Count > 0 ? $"architecture {string.Join(", ", architectures)}" : $"model_type '{modelType}'";
            throw new CheckpointException(
                $"config.json: {found} is not supported; supported are {string.Join(", ", families.Select(f => f.Architecture))}");
        }

        return family;
    }

    /// <summary>What the model would be with one flag the other way round, or of another family: whatever of it can be built.</summary>
    private static IEnumerable<(string Change, Model Model)> Variants(ModelFamily family, ModelConfig config, JsonElement json, StoredTensors stored)
    {
        var flags = config.Flags.Select(f => ($"'{f.Key}': {(f.Value ? "false" : "true")}", family, new ModelConfig(json) { Flipped = f.Key }));
        var others = families.Where(f => f != family).Select(f => ($"'architectures': [\"{f.Architecture}\"]", f, new ModelConfig(json)));
        foreach (var (change, other, changed) in flags.Concat(others))
        {
            Model? model;
            try
            {
                model = other.Build(changed, stored);
            }
            catch (CheckpointException)
            {
                continue;
            }

            yield return (change, model);
        }
    }

    /// <summary>Builds this family's model.</summary>
    internal abstract Model Build(ModelConfig config, StoredTensors stored);
}
