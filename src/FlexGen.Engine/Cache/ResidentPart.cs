using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>Slots whose cache rests on the compute device.</summary>
internal sealed class ResidentPart : CachePart
{
    private readonly (Tensor Keys, Tensor Values)[,] slabs;
    private readonly List<Tensor> all = [];

    public ResidentPart(ModelShape shape, Policy policy, int firstSlot, int slots, ScalarType type, Device device, DecodeAttention? kernel)
        : base(firstSlot, slots, kernel)
    {
        slabs = new (Tensor, Tensor)[shape.DecoderLayers, policy.GpuBatchCount];
        try
        {
            for (var layer = 0; layer < shape.DecoderLayers; layer++)
            {
                for (var microBatch = 0; microBatch < policy.GpuBatchCount; microBatch++)
                {
                    slabs[layer, microBatch] = (Slab(), Slab());
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Tensor Slab()
        {
            all.Add(empty([policy.SequenceLength, slots, shape.KvHeads, shape.HeadDim], type, device).DetachFromDisposeScope());
            return all[^1];
        }
    }

    public override void Load(int layer, int microBatch, PartRows rows)
    {
    }

    public override void Attend(PartPass pass)
    {
        var (keys, values) = slabs[pass.Layer, pass.MicroBatch];
        var (first, prompts) = (pass.Rows.Decodes.Count, pass.Rows.Rows.Length - pass.Rows.Decodes.Count);
        if (prompts > 0)
        {
            var places = pass.Rows.CacheIndex.narrow(0, first, prompts);
            keys.flatten(0, 1).index_copy_(0, places, pass.Keys.narrow(0, first, prompts));
            values.flatten(0, 1).index_copy_(0, places, pass.Values.narrow(0, first, prompts));
        }

        pass.Rows.Group?.Forward(pass, keys, values);
    }

    public override void Dispose() => all.ForEach(slab => slab.Dispose());
}
