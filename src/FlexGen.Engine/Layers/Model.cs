using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Layers;

/// <summary>A decoder-only language model: its shape and its layers, first the embedding, last the head.</summary>
public sealed record Model(ModelShape Shape, IReadOnlyList<Layer> Layers)
{
    /// <summary>What planning must know of it when it computes in a format.</summary>
    public ModelOutline Outline(ElementFormat format) => new(Shape, format, [.. Layers.Select(l => l.Outline(format))]);
}
