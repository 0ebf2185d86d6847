namespace FlexGen.Planning.Hardware;

/// <summary>
/// The compute device. Formats are named as element formats are: the type that is computed in, and int4.
/// </summary>
/// <param name="IsGpu">Whether it has memory of its own.</param>
/// <param name="Products">By the weight's format: products as the engine makes them.</param>
/// <param name="DecodeAttention">By the cache's format.</param>
/// <param name="PrefillAttention">
/// Operations per second of causal attention by the tokens of a prompt, 2 L^2 heads headDim of them each, in the computed type.
/// </param>
/// <param name="ElementBytes">Bytes per second that operations on elements read and write together.</param>
/// <param name="Layers">By a layer's kind.</param>
/// <param name="PackedLayers">The same where linear layers' weights, or the KV cache, are in 4 bits.</param>
/// <param name="Sweep">At its ends.</param>
/// <param name="BesideCopies">How many times as long products and attention take while lanes copy; on a CPU they share the cores.</param>
/// <param name="BesideReads">The same while the disk is read; 1 with a GPU.</param>
public sealed record ComputeRates(
    bool IsGpu,
    IReadOnlyDictionary<string, ProductTable> Products,
    IReadOnlyDictionary<string, AttentionRates> DecodeAttention,
    Curve PrefillAttention,
    double ElementBytes,
    IReadOnlyDictionary<string, LayerOverhead> Layers,
    IReadOnlyDictionary<string, LayerOverhead> PackedLayers,
    SweepOverhead Sweep,
    double BesideCopies,
    double BesideReads);
