using FlexGen.Engine.Cache.Decoding;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Those of them whose cache rests in host memory, and is attended to in its place.</summary>
/// <param name="plan">The share.</param>
/// <param name="lanes">Whose threads attend.</param>
/// <param name="give">Has decoding rows brought to host memory.</param>
/// <param name="slabs">Where it rests.</param>
internal sealed class HostShareInMemory(CacheSharePlan plan, CacheLanes lanes, Func<ShareAttention, HostRows> give, RestingSlabs slabs) : HostShare(plan, lanes, give)
{
    protected override void Start(ShareAttention attention)
    {
        var (keys, values) = slabs[attention.Layer, attention.MicroBatch];
        Start(attention, (keys.Address, values.Address), slabs.Stored(attention.Layer, attention.MicroBatch));
    }

    /// <summary>Prompts only: attention has written the decoding rows itself.</summary>
    public override void Store(ShareAttention attention) => slabs.Store(attention, attention.Rows.Decodes.Count);
}
