using System.Numerics;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Attention of one new token of each sequence over the KV cache on a GPU, in one kernel: it also adds the token to the cache, and
/// reads each sequence's own tokens only.
/// </summary>
internal sealed class DecodeAttention : IDisposable
{
    private const int BytesOfALoad = 16, LanesOfAWarp = 32, SharedBytes = 40 << 10;
    private readonly CudaKernel kernel;
    private readonly Tensor partials;
    private readonly Tensor arrived;
    private readonly int kvHeads;
    private readonly long queryRow;
    private readonly long cacheRow;
    private readonly int elementBytes;
    private readonly int threads;

    /// <param name="plan">Of which model, for how many sequences.</param>
    /// <param name="type">The type of query, cache and output.</param>
    /// <param name="device">The GPU.</param>
    public DecodeAttention(DecodeKernelPlan plan, ScalarType type, Device device)
    {
        var shape = plan.Shape;
        kvHeads = shape.KvHeads;
        var (group, headDim) = (shape.Heads / kvHeads, shape.HeadDim);
        (queryRow, cacheRow, elementBytes) = ((long)shape.Heads * headDim, (long)kvHeads * headDim, (int)DataTypes.Format(type).Bytes(1));
        var vector = BytesOfALoad / elementBytes;
        while (headDim % vector != 0)
        {
            vector /= 2;
        }

        var lanes = Math.Min(LanesOfAWarp, (int)BitOperations.RoundUpToPowerOf2((uint)(headDim / vector)));
        var perWarp = group * (headDim + 2) * sizeof(float);
        var warps = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(SharedBytes / perWarp) + 1) / 2, 1, group < 4 ? 8 : 4);
        threads = warps * LanesOfAWarp;
        partials = empty([plan.Partials], ScalarType.Float32, device).DetachFromDisposeScope();
        arrived = zeros([plan.Counts], ScalarType.Int32, device).DetachFromDisposeScope();
        kernel = KernelSource.Compile("decode_attention.cu", "decode_attention", type, new Dictionary<string, long>
        {
            ["KV_HEADS"] = kvHeads,
            ["GROUP"] = group,
            ["HEAD_DIM"] = headDim,
            ["VECTOR"] = vector,
            ["LANES"] = lanes,
            ["PARTS"] = ((headDim / vector) + lanes - 1) / lanes,
            ["WARPS"] = warps,
            ["CHUNK"] = DecodeKernelPlan.Chunk,
        });
    }

    /// <summary>A slab of keys and one of values, [tokens, slots, kvHeads, headDim], on the GPU.</summary>
    public readonly record struct Slabs(IntPtr Keys, IntPtr Values, int Slots);

    /// <summary>Adds each sequence's new key and value to the cache, and attends. All tensors are contiguous.</summary>
    /// <param name="query">[first row + sequences or more, heads, headDim], and the first row.</param>
    /// <param name="keys">The new keys: [sequences or more, kvHeads, headDim].</param>
    /// <param name="values">The new values, likewise, and laid out alike.</param>
    /// <param name="slabs">The cache.</param>
    /// <param name="output">[first row + sequences or more, heads * headDim], and the first row.</param>
    /// <param name="sequences">[sequences, 2], int32: slot, and tokens with the new one.</param>
    /// <param name="longest">Tokens of the longest sequence.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="window">How many tokens one sees; null: all before it.</param>
    public void Forward(
        (Tensor Rows, int First) query, Tensor keys, Tensor values, Slabs slabs, (Tensor Rows, int First) output, Tensor sequences, int longest, double scale,
        int? window) => kernel.Launch(
            ((int)sequences.shape[0] * kvHeads, (longest + DecodeKernelPlan.Chunk - 1) / DecodeKernelPlan.Chunk),
            threads,
            query.Rows.Address() + (query.First * queryRow * elementBytes),
            queryRow,
            keys.Address(),
            values.Address(),
            cacheRow,
            slabs.Keys,
            slabs.Values,
            slabs.Slots,
            output.Rows.Address() + (output.First * queryRow * elementBytes),
            queryRow,
            sequences.Address(),
            partials.Address(),
            arrived.Address(),
            window ?? int.MaxValue,
            BitConverter.SingleToInt32Bits((float)scale));

    public void Dispose()
    {
        kernel.Dispose();
        partials.Dispose();
        arrived.Dispose();
    }
}
