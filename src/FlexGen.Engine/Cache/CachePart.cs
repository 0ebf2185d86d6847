using FlexGen.Engine.Kernels.Cuda;

namespace FlexGen.Engine.Cache;

/// <summary>
/// The KV cache of some consecutive slots of every micro-batch, all with the same home. For each attention layer and micro-batch it
/// is one slab of keys and one of values, [tokens, slots, kvHeads, headDim]: token-major, so that what is in use is one prefix.
/// </summary>
internal abstract class CachePart(int firstSlot, int slots, DecodeAttention? kernel) : IDisposable
{
    public int FirstSlot => firstSlot;

    public int Slots => slots;

    /// <summary>What decoding sequences attend with on a GPU; null: they attend in host memory.</summary>
    public DecodeAttention? Kernel => kernel;

    /// <summary>Brings what a pass will need of a layer's slab, if it is not there.</summary>
    /// <param name="layer">The attention layer.</param>
    /// <param name="microBatch">Index k.</param>
    /// <param name="rows">The part's share of the pass.</param>
    public abstract void Load(int layer, int microBatch, PartRows rows);

    /// <summary>
    /// Takes in a pass's new keys and values as far as the attention needs them, and starts the attention of its decoding
    /// sequences, whose result goes to their rows of the output.
    /// </summary>
    public abstract void Attend(PartPass pass);

    /// <summary>What the compute device does from now on waits for the attention that <see cref="Attend"/> started.</summary>
    public virtual void Finish(PartPass pass)
    {
    }

    /// <summary>Takes the new keys and values home.</summary>
    public virtual void Store(PartPass pass)
    {
    }

    public abstract void Dispose();
}
