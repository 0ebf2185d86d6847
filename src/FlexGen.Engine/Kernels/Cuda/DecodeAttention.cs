using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Attention of one new token of each sequence over the KV cache on a GPU, in one kernel: it also adds the token to the cache, and
/// reads each sequence's own tokens only.
/// </summary>
internal sealed class DecodeAttention : IDisposable
{
    private const int LanesOfAWarp = 32;
    private readonly CudaKernel kernel;
    private readonly Tensor partials;
    private readonly Tensor arrived;
    private readonly DecodeKernelPlan plan;
    private readonly int partsOfASequence;
    private readonly long queryRow;
    private readonly long cacheRow;
    private readonly int elementBytes;
    private readonly int threads;

    /// <param name="plan">Of which model, for how many sequences.</param>
    /// <param name="type">The type of query and output, and of the cache unless it is in 4 bits.</param>
    /// <param name="cache">The cache's format; null: its elements are of the type.</param>
    /// <param name="device">The GPU.</param>
    public DecodeAttention(DecodeKernelPlan plan, ScalarType type, ElementFormat? cache, Device device)
    {
        this.plan = plan;
        var shape = plan.Shape;
        (queryRow, elementBytes) = ((long)shape.Heads * shape.HeadDim, (int)DataTypes.Format(type).Bytes(1));
        var packed = cache is { BlockElements: > 1 };
        cacheRow = packed ? cache!.Bytes(shape.KvHeads, shape.HeadDim) : (long)shape.KvHeads * shape.HeadDim;
        var (file, macros, sharedBytes) = packed ? PackedMacros.OfAttention(cache!, plan) : PlainMacros.For(plan, type, CudaDriver.Limits());
        threads = (int)macros["WARPS"] * LanesOfAWarp;
        partsOfASequence = packed ? shape.KvHeads / (int)macros["WARPS"] : shape.KvHeads;
        partials = empty([plan.Partials], ScalarType.Float32, device).DetachFromDisposeScope();
        arrived = zeros([plan.Counts], ScalarType.Int32, device).DetachFromDisposeScope();
        kernel = KernelSource.Compile(file, "decode_attention", type, macros, sharedBytes);
    }

    /// <summary>A slab of keys and one of values, [tokens, slots, kvHeads, headDim] or [tokens, slots, bytes of a row in 4 bits], on the GPU.</summary>
    public readonly record struct Slabs(IntPtr Keys, IntPtr Values, int Slots);

    /// <summary>Adds each sequence's new key and value to the cache, and attends. All tensors are contiguous.</summary>
    /// <param name="query">[first row + sequences or more, heads, headDim], and the first row.</param>
    /// <param name="keys">The new keys: [sequences or more, kvHeads, headDim], or [sequences or more, bytes of a row in 4 bits].</param>
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
            ((int)sequences.shape[0] * partsOfASequence, plan.Chunks(longest)),
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
