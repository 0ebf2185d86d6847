using FlexGen.Planning;

namespace FlexGen.Engine.Layers;

/// <summary>A decoder-only language model: its shape and its layers, first the embedding, last the head.</summary>
public sealed record Model(ModelShape Shape, IReadOnlyList<Layer> Layers);
