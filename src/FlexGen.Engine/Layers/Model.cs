using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Layers;

/// <summary>A decoder-only language model: its shape and its layers, first the embedding, last the head.</summary>
public sealed record Model(ModelShape Shape, IReadOnlyList<Layer> Layers)
{
    /// <summary>What planning must know of it when it computes in a format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="group">The group in which the checkpoint has a weight in 4 bits, if it has.</param>
    public ModelOutline Outline(ElementFormat format, Func<WeightSpec, int?>? group = null) =>
        new(Shape, format, [.. Layers.Select(l => l.Outline(format, group ?? (_ => null)))]);
}
