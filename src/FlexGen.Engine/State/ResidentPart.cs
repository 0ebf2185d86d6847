using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>Slots whose cache rests on the compute device.</summary>
internal sealed class ResidentPart : CachePart
{
    private readonly (Tensor Keys, Tensor Values)[,] slabs;

    public ResidentPart(ModelShape shape, Policy policy, int firstSlot, int slots, ScalarType type, Device device)
        : base(firstSlot, slots)
    {
        slabs = new (Tensor, Tensor)[shape.DecoderLayers, policy.GpuBatchCount];
        for (var layer = 0; layer < shape.DecoderLayers; layer++)
        {
            for (var microBatch = 0; microBatch < policy.GpuBatchCount; microBatch++)
            {
                slabs[layer, microBatch] = (Slab(), Slab());
            }
        }

        // A GPU's attention multiplies what it masks, so nothing there may be NaN. A CPU's reads only what was written, and there
        // memory that was never touched takes no room.
        Tensor Slab()
        {
            var slab = empty([KvCache.Padded(policy.SequenceLength), slots, shape.KvHeads, shape.HeadDim], type, device).DetachFromDisposeScope();
            return device.type == TorchSharp.DeviceType.CPU ? slab : slab.zero_();
        }
    }

    public override void Load(int layer, int microBatch, PartRows rows)
    {
    }

    public override void Attend(PartPass pass)
    {
        var (keys, values) = slabs[pass.Layer, pass.MicroBatch];
        keys.flatten(0, 1).index_copy_(0, pass.Rows.CacheIndex, pass.Keys);
        values.flatten(0, 1).index_copy_(0, pass.Rows.CacheIndex, pass.Values);
        pass.Rows.Group?.Forward(pass.DecodeQuery, keys, values, pass.DecodeOutput, pass.Scale, pass.Window);
    }

    public override void Dispose()
    {
        foreach (var (keys, values) in slabs)
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
