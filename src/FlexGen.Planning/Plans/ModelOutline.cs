using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>What planning knows of a model that computes in some format. It is made once, and planned with as often as wanted.</summary>
public sealed class ModelOutline
{
    /// <param name="shape">The model's numbers.</param>
    /// <param name="format">Of its hidden states, weights and KV cache.</param>
    /// <param name="layers">First the embedding, last the head.</param>
    public ModelOutline(ModelShape shape, ElementFormat format, IReadOnlyList<LayerOutline> layers)
    {
        (Shape, Format, Layers) = (shape, format, layers);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        Weights = [.. layers.Select(l => l.Weights.Select(w => (format.Bytes(w.Rows, w.Columns), ids.TryAdd(w.Name, ids.Count) ? ids.Count - 1 : ids[w.Name])).ToArray())];
        Names = ids.Count;
        var decoders = layers.Select(l => l.Elements).OfType<RowElements>().ToList();
        Projecting = decoders.Max(e => e.Projecting);
        Completing = decoders.Max(e => e.Completing);
        Made = decoders.Sum(e => e.Made);
        Windows = [.. layers.Select(l => l.Window).OfType<int>().Distinct()];
    }

    public ModelShape Shape { get; }

    public ElementFormat Format { get; }

    public IReadOnlyList<LayerOutline> Layers { get; }

    /// <summary>Of each layer the bytes of its weights, and a number that those of one name have in common.</summary>
    internal (long Bytes, int Name)[][] Weights { get; }

    /// <summary>How many names there are.</summary>
    internal int Names { get; }

    /// <summary>The most of any layer.</summary>
    internal long Projecting { get; }

    /// <inheritdoc cref="Projecting"/>
    internal long Completing { get; }

    /// <summary>The sum of all layers.</summary>
    internal long Made { get; }

    internal IReadOnlyList<int> Windows { get; }
}
