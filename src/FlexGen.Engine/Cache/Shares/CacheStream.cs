using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Memory;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>Brings the used prefix of slabs to where they are attended to: while one layer's are, the next one's come.</summary>
/// <param name="plan">The share.</param>
/// <param name="type">The cache's type.</param>
/// <param name="slabs">Where its slabs rest.</param>
/// <param name="lanes">What copies.</param>
/// <param name="device">Where they are attended to.</param>
internal sealed class CacheStream(CacheSharePlan plan, ScalarType type, RestingSlabs slabs, CacheLanes lanes, Device device) : IDisposable
{
    private readonly long valuesAt = plan.Slab.AlignedBytes;
    private readonly bool toGpu = ComputeMemory.Gpu(device) is not null;
    private readonly StreamBuffers<(int Layer, int MicroBatch)> buffers = new(plan.BufferBytes, device);

    /// <summary>Starts to bring what the decoding rows of a pass will need of a layer.</summary>
    public void Load(int layer, int microBatch, ShareRows rows)
    {
        if (rows.Decodes.Count == 0)
        {
            return;
        }

        var (buffer, stored) = (buffers.Next((layer, microBatch)), slabs.Stored(layer, microBatch));
        var ((keys, values), bytes) = (slabs[layer, microBatch], (rows.Longest - 1) * plan.Slab.TokenBytes);
        buffer.Fill(
            lanes.Loads,
            copier =>
            {
                stored?.WaitOnHost();
                var (to, staging) = toGpu ? (copier, lanes.Staging) : (Copier.OnHost, null);
                keys.Read(to, 0, buffer.Address, bytes, staging);
                values.Read(to, 0, buffer.Address + (nint)valuesAt, bytes, staging);
            },
            (layer, microBatch));
    }

    /// <summary>The buffer that a layer's were brought to.</summary>
    public StreamBuffer<(int Layer, int MicroBatch)> Buffer(ShareAttention attention) => buffers.Find((attention.Layer, attention.MicroBatch))!;

    /// <summary>A buffer's slabs.</summary>
    public (Tensor Keys, Tensor Values) Tensors(StreamBuffer<(int Layer, int MicroBatch)> buffer) =>
        (buffer.View(0, plan.Slab.Dimensions, type), buffer.View(valuesAt, plan.Slab.Dimensions, type));

    /// <summary>Their addresses.</summary>
    public (IntPtr Keys, IntPtr Values) Addresses(StreamBuffer<(int Layer, int MicroBatch)> buffer) => (buffer.Address, buffer.Address + (nint)valuesAt);

    /// <summary>Frees the buffers. The lanes must have ended.</summary>
    public void Dispose() => buffers.Dispose();
}
