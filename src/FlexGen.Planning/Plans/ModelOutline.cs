using System.Collections.Concurrent;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Plans;

/// <summary>What planning knows of a model that computes in some format. It is made once, and planned with as often as wanted.</summary>
public sealed class ModelOutline
{
    private readonly Dictionary<Compression, Weight[][]> weights = [];
    private readonly Dictionary<Compression, (long Columns, long Elements)> packed = [];
    private readonly ConcurrentDictionary<StageMap, IReadOnlyList<Part>> parts = [];
    private readonly bool isTied;

    /// <param name="shape">The model's numbers.</param>
    /// <param name="format">Of its hidden states, and of weights and KV cache that are not compressed.</param>
    /// <param name="layers">First the embedding, last the head.</param>
    public ModelOutline(ModelShape shape, ElementFormat format, IReadOnlyList<LayerOutline> layers)
    {
        (Shape, Format, Layers) = (shape, format, layers);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var compression in Enum.GetValues<Compression>())
        {
            weights[compression] = [.. layers.Select(l => l.Weights.Select(w => Weight(w, w.Format(format, compression))).ToArray())];
            var ofGroups = layers.SelectMany(l => l.Weights).Where(w => w.Format(format, compression) != format).ToList();
            packed[compression] = (ofGroups.Select(w => w.Columns).DefaultIfEmpty().Max(), ofGroups.Select(w => w.Rows * w.Columns).DefaultIfEmpty().Max());
        }

        Names = ids.Count;
        isTied = layers[0].Weights.Select(w => w.Name).Intersect(layers[^1].Weights.Select(w => w.Name)).Any();
        var decoders = layers.Select(l => l.Elements).OfType<RowElements>().ToList();
        Projecting = decoders.Max(e => e.Projecting);
        Completing = decoders.Max(e => e.Completing);
        Made = decoders.Sum(e => e.Made);
        Windows = [.. layers.Select(l => l.Window).OfType<int>().Distinct()];

        Weight Weight(WeightShape shape, ElementFormat kept) => new(kept.Bytes(shape.Rows, shape.Columns), Id(shape.Name), kept);

        int Id(string name) => ids.TryAdd(name, ids.Count) ? ids.Count - 1 : ids[name];
    }

    public ModelShape Shape { get; }

    public ElementFormat Format { get; }

    public IReadOnlyList<LayerOutline> Layers { get; }

    /// <summary>Which of some devices has which layer under a policy.</summary>
    public StageMap Map(int devices, Policy policy) => new(Layers.Count, devices, isTied, JoinsEnds: devices > 1 && policy.RestsOnDevices);

    /// <summary>How many names there are.</summary>
    internal int Names { get; }

    /// <summary>The most of any layer.</summary>
    internal long Projecting { get; }

    /// <inheritdoc cref="Projecting"/>
    internal long Completing { get; }

    /// <summary>The sum of all layers.</summary>
    internal long Made { get; }

    internal IReadOnlyList<int> Windows { get; }

    /// <summary>Each layer's weights under a compression.</summary>
    internal Weight[][] Weights(Compression compression) => weights[compression];

    /// <summary>The most columns, and the most elements, of any weight that is in 4 bits under a compression; 0: none is.</summary>
    internal (long Columns, long Elements) Packed(Compression compression) => packed[compression];

    /// <summary>The layers of each of some devices, as a model.</summary>
    internal IReadOnlyList<Part> Parts(StageMap map) =>
        parts.GetOrAdd(map, m => [.. Enumerable.Range(0, m.Count).Select(stage => Of([.. m.On(stage)]))]);

    private Part Of(IReadOnlyList<int> layers)
    {
        var decoders = layers.Where(l => Layers[l].Elements is not null).ToList();
        var model = layers.Count == Layers.Count ? this
            : new(Shape with { DecoderLayers = decoders.Count }, Format, [.. layers.Select(l => Layers[l])]);
        return new(model, layers, decoders);
    }

    /// <summary>Some layers of a model, as a model, which of them they are, and which of those have attention.</summary>
    internal sealed record Part(ModelOutline Model, IReadOnlyList<int> Layers, IReadOnlyList<int> Decoders);

    /// <summary>A weight: its size, a number that those of one name have in common, and how it is kept.</summary>
    internal readonly record struct Weight(long Bytes, int Name, ElementFormat Format);
}
