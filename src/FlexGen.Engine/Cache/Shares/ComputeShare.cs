using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache.Decoding;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Slots that are attended to on the compute device.</summary>
internal abstract class ComputeShare(CacheSharePlan plan, IDecodeAttention decode) : CacheShare(plan)
{
    public override ShareRows Rows(RowLayout layout, Device device)
    {
        var rows = base.Rows(layout, device);
        decode.Prepare(rows);
        return rows;
    }

    /// <summary>Attention over slabs on the compute device.</summary>
    protected void Attend(ShareAttention attention, (Tensor Keys, Tensor Values) slabs)
    {
        if (attention.Rows.Decodes.Count > 0)
        {
            decode.Forward(attention, slabs.Keys, slabs.Values);
        }
    }
}
