using FlexGen.Engine.Cache.Decoding;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Slots whose cache rests on the compute device.</summary>
/// <param name="shape">The share.</param>
/// <param name="slabs">Its slabs, on the compute device.</param>
/// <param name="decode">What attends.</param>
internal sealed class ResidentShare(ShareShape shape, CacheSlabs<Tensor> slabs, IDecodeAttention decode) : ComputeShare(shape, decode)
{
    /// <summary>Slabs for a share.</summary>
    public static CacheSlabs<Tensor> Slabs(ShareShape shape, Device device) =>
        new(shape, _ => empty([.. shape.Slab], shape.Type, device).DetachFromDisposeScope());

    public override void Attend(ShareAttention attention)
    {
        var (keys, values) = slabs[attention.Layer, attention.MicroBatch];
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
