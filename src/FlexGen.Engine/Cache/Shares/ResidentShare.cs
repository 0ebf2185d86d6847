using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Memory;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Slots whose cache rests on the compute device.</summary>
/// <param name="plan">The share.</param>
/// <param name="slabs">Its slabs, on the compute device.</param>
/// <param name="decode">What attends.</param>
internal sealed class ResidentShare(CacheSharePlan plan, CacheSlabs<ComputeTensor> slabs, IDecodeAttention decode) : ComputeShare(plan, decode)
{
    /// <summary>Slabs for a share.</summary>
    public static CacheSlabs<ComputeTensor> Slabs(CacheSharePlan plan, ScalarType type, Device device) =>
        new(plan, _ => new(plan.SlabBytes, plan.Slab.Dimensions, type, device));

    public override void Attend(ShareAttention attention)
    {
        var slab = slabs[attention.Layer, attention.MicroBatch];
        var (keys, values) = (slab.Keys.Tensor, slab.Values.Tensor);
        var (first, prompts) = (attention.Rows.Decodes.Count, attention.Rows.Rows.Length - attention.Rows.Decodes.Count);
        if (prompts > 0)
        {
            var places = attention.Rows.CacheIndex.narrow(0, first, prompts);
            keys.flatten(0, 1).index_copy_(0, places, attention.Keys.narrow(0, first, prompts));
            values.flatten(0, 1).index_copy_(0, places, attention.Values.narrow(0, first, prompts));
        }

        Attend(attention, (keys, values));
    }
}
