using FlexGen.Engine.Cache.Decoding;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Slots whose cache rests in host memory or on disk, and comes to the compute device to be attended to.</summary>
/// <param name="plan">The share.</param>
/// <param name="slabs">Where it rests.</param>
/// <param name="stream">What brings it.</param>
/// <param name="decode">What attends.</param>
internal sealed class StreamedShare(CacheSharePlan plan, RestingSlabs slabs, CacheStream stream, IDecodeAttention decode) : ComputeShare(plan, decode)
{
    public override void Load(int layer, int microBatch, ShareRows rows) => stream.Load(layer, microBatch, rows);

    public override void Attend(ShareAttention attention)
    {
        if (attention.Rows.Decodes.Count > 0)
        {
            var buffer = stream.Buffer(attention);
            buffer.WaitOnCompute();
            Attend(attention, stream.Tensors(buffer));
            buffer.Release();
        }
    }

    public override void Store(ShareAttention attention) => slabs.Store(attention, 0);
}
