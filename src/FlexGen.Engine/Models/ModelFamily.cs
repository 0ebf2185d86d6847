using System.Text.Json;
using FlexGen.Engine.Tensors;

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

    /// <summary>The model that a config.json describes.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="hasTensor">Whether the checkpoint holds a tensor: names differ between checkpoints of one family.</param>
    /// <exception cref="CheckpointException">No family runs its architecture, or a value is missing, of the wrong kind or contradicts another.</exception>
    public static Model Create(JsonElement config, Func<string, bool> hasTensor)
    {
        var reader = new ModelConfig(config);
        var architectures = reader.Texts("architectures");
        var modelType = reader.Text("model_type", "");
        var family = Array.Find(families, f => architectures.Count > 0 ? architectures.Contains(f.Architecture) : f.ModelType == modelType);
        if (family is null)
        {
            var found = architectures.Count > 0 ? $"architecture {string.Join(", ", architectures)}" : $"model_type '{modelType}'";
            throw new CheckpointException(
                $"config.json: {found} is not supported; supported are {string.Join(", ", families.Select(f => f.Architecture))}");
        }

        if (reader.Section("quantization_config") is not null)
        {
            throw new CheckpointException("config.json: 'quantization_config' is there, but quantised checkpoints cannot be read; use the model's float16 or bfloat16 checkpoint");
        }

        return family.Build(reader, hasTensor);
    }

    /// <summary>Builds this family's model.</summary>
    internal abstract Model Build(ModelConfig config, Func<string, bool> hasTensor);

    /// <summary>The first prefix under which the checkpoint holds the tensor; the first of all if none does, for the message that follows.</summary>
    private protected static string Prefix(Func<string, bool> hasTensor, string tensor, params string[] prefixes) =>
        Array.Find(prefixes, p => hasTensor(p + tensor)) ?? prefixes[0];
}
