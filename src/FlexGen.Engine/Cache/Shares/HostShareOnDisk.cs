using FlexGen.Engine.Cache.Decoding;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Those of them whose cache rests on disk, and comes to host memory.</summary>
/// <param name="plan">The share.</param>
/// <param name="lanes">Whose threads attend.</param>
/// <param name="give">Has decoding rows brought to host memory.</param>
/// <param name="slabs">Where it rests.</param>
/// <param name="stream">What brings it.</param>
internal sealed class HostShareOnDisk(
    CacheSharePlan plan, CacheLanes lanes, Func<ShareAttention, HostRows> give, RestingSlabs slabs, CacheStream stream) : HostShare(plan, lanes, give)
{
    public override void Load(int layer, int microBatch, ShareRows rows) => stream.Load(layer, microBatch, rows);

    protected override void Start(ShareAttention attention)
    {
        var buffer = stream.Buffer(attention);
        Start(attention, stream.Addresses(buffer), buffer.Arrival);
        buffer.Release(attention.OnHost!.Transfer);
    }

    public override void Store(ShareAttention attention) => slabs.Store(attention, 0);
}
