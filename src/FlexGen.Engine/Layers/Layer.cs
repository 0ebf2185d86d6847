using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Layers;

/// <summary>
/// One step of a model's depth (index j): the embedding, a decoder layer or the head. A list of weight specs and what it
/// computes over tensors; it owns no memory.
/// </summary>
public abstract class Layer
{
    private readonly List<WeightSpec> weights = [];

    /// <summary>The weights the forward pass reads, in checkpoint order.</summary>
    public IReadOnlyList<WeightSpec> Weights => weights;

    /// <summary>Whether rows are multiplied with a weight of its list: all matrices but what an embedding looks up in.</summary>
    internal virtual bool Multiplies(int index) => weights[index].Shape.Count > 1;

    /// <summary>What planning must know of it.</summary>
    /// <param name="format">Of the hidden states.</param>
    /// <param name="group">The group in which the checkpoint has a weight in 4 bits; null: it has not.</param>
    internal virtual LayerOutline Outline(ElementFormat format, Func<WeightSpec, int?> group) =>
        new([.. weights.Select(w => new WeightShape(w.Name, w.Shape.SkipLast(1).Aggregate(1L, (a, b) => a * b), w.Shape[^1], w.IsLinear, group(w)))]);

    protected WeightSpec Weight(string name, params IReadOnlyList<long> shape) => Add(new(name, shape, weights.Count));

    /// <summary>The weight of a linear layer, [out, in].</summary>
    protected WeightSpec LinearWeight(string name, long output, long input) => Add(new(name, [output, input], weights.Count, IsLinear: true));

    private protected LinearSpec Linear(string name, long output, long input, bool bias) =>
        new(LinearWeight($"{name}.weight", output, input), bias ? Weight($"{name}.bias", output) : null);

    private WeightSpec Add(WeightSpec spec)
    {
        weights.Add(spec);
        return spec;
    }
}
