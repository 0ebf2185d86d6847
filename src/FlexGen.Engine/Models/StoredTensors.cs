using System.Globalization;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;

namespace FlexGen.Engine.Models;

/// <summary>What a checkpoint holds, as far as it decides how its model is built.</summary>
/// <param name="contains">Whether it holds a tensor.</param>
/// <param name="checkpoint">The checkpoint; null where there is only a config.json, and all that it asks for is taken to be there.</param>
internal sealed class StoredTensors(Func<string, bool> contains, Checkpoint? checkpoint = null)
{
    private readonly Dictionary<string, bool> heads = new(StringComparer.Ordinal);

    /// <summary>The first prefix under which it holds the tensor; the first of all if none does, for the message that follows.</summary>
    public string Prefix(string tensor, params string[] prefixes) => Array.Find(prefixes, p => contains(p + tensor)) ?? prefixes[0];

    /// <summary>How many decoder layers config.json asks for, once it is known that as many are stored: no layer is built for a number alone.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="prefix">Of the decoder's tensors.</param>
    public int Layers(ModelConfig config, string prefix)
    {
        const string Key = "num_hidden_layers";
        var (asked, start) = (config.Count(Key), $"{prefix}layers.");
        if (checkpoint is null || OfLayers(checkpoint, start) is var stored && stored.Count == asked)
        {
            return asked;
        }

        throw config.Refused(Key, stored.Count > 0
            ? $"is {asked}, but tensors of {stored.Count} layers are stored, of the last of them '{stored[^1]}'"
            : $"is {asked}, but no layer is stored: no tensor's name begins with '{start}' ({string.Join(", ", checkpoint.Names.Take(3))} are there)");
    }

    /// <summary>A tensor of each layer that is stored, in the layers' order.</summary>
    private static List<string> OfLayers(Checkpoint checkpoint, string start) =>
    [
        .. checkpoint.Names.Where(n => n.StartsWith(start, StringComparison.Ordinal) && !TensorCheck.IsHarmless(checkpoint, n))
            .Select(n => (Name: n, Layer: Number(n[start.Length..].Split('.')[0])))
            .Where(n => n.Layer >= 0).DistinctBy(n => n.Layer).OrderBy(n => n.Layer).Select(n => n.Name),
    ];

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>Whether the head is the embedding. A head that is stored beside it and differs is used, whatever config.json says.</summary>
    /// <param name="config">config.json.</param>
    /// <param name="otherwise">The family's default.</param>
    /// <param name="embedding">The embedding's name.</param>
    public bool TiedHead(ModelConfig config, bool otherwise, string embedding) =>
        config.Flag("tie_word_embeddings", otherwise) && !HasOtherHead(embedding);

    private bool HasOtherHead(string embedding)
    {
        if (!heads.TryGetValue(embedding, out var differs))
        {
            differs = checkpoint is not null && contains(OuterLayer.Head) && contains(embedding) && !checkpoint.AreEqual(embedding, OuterLayer.Head);
            heads.Add(embedding, differs);
        }

        return differs;
    }
}
