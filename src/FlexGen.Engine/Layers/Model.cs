using FlexGen.Planning;

namespace FlexGen.Engine.Layers;

/// <summary>A decoder-only language model: its shape and its layers, first the embedding, last the head.</summary>
public sealed record Model(ModelShape Shape, IReadOnlyList<Layer> Layers)
{
    /// <summary>Which slab of the KV cache a layer uses; null for the embedding and the head.</summary>
    public int? AttentionLayer(int layer) => Layers[layer] is DecoderLayer ? layer - 1 : null;
}
