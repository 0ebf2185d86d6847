using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache.Decoding;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>The KV cache of some consecutive slots of every micro-batch, all with the same home and the same place of attention.</summary>
internal abstract class CacheShare(CacheSharePlan plan)
{
    /// <summary>The rows of a pass that are this share's. The caller disposes them.</summary>
    public virtual ShareRows Rows(RowLayout layout, Device device) => new(layout, plan.FirstSlot, plan.Slots, device);

    /// <summary>Brings what a pass will need of a layer's slabs, if it is not there.</summary>
    /// <param name="layer">Index j.</param>
    /// <param name="microBatch">Index k.</param>
    /// <param name="rows">The share's rows of the pass.</param>
    public virtual void Load(int layer, int microBatch, ShareRows rows)
    {
    }

    /// <summary>
    /// Takes in a pass's new keys and values as far as the attention needs them, and starts the attention of its decoding
    /// sequences, whose result goes to their rows of the output.
    /// </summary>
    public abstract void Attend(ShareAttention attention);

    /// <summary>What the compute device does from now on waits for the attention that <see cref="Attend"/> started.</summary>
    public virtual void Finish(ShareAttention attention)
    {
    }

    /// <summary>Takes the new keys and values home.</summary>
    public virtual void Store(ShareAttention attention)
    {
    }
}
