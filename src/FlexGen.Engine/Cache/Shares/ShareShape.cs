using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Consecutive slots of every micro-batch that have one home and one place of attention, and the slabs of their keys and values.</summary>
/// <param name="Model">The model.</param>
/// <param name="Policy">The policy.</param>
/// <param name="FirstSlot">First of the slots.</param>
/// <param name="Slots">How many.</param>
/// <param name="Type">The cache's type.</param>
internal sealed record ShareShape(ModelShape Model, Policy Policy, int FirstSlot, int Slots, ScalarType Type)
{
    /// <summary>A slab, [tokens, slots, kvHeads, headDim]: token-major, so that what is in use is one prefix.</summary>
    public IReadOnlyList<long> Slab { get; } = [Policy.SequenceLength, Slots, Model.KvHeads, Model.HeadDim];

    /// <summary>Bytes of one token's keys in a slab.</summary>
    public long TokenBytes => (long)Slots * Model.KvHeads * Model.HeadDim * DataTypes.Size(Type);

    public long SlabBytes => TokenBytes * Policy.SequenceLength;

    /// <summary>Slabs of keys and of values, of each layer with attention and each micro-batch.</summary>
    public int SlabCount => 2 * Model.DecoderLayers * Policy.GpuBatchCount;
}
