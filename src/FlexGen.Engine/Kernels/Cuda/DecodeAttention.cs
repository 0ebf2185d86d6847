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
    private const int LanesOfAWarp = 32, Hopper = 90, LeastStages = 2, DeclaredBytes = 1024;

    /// <summary>Of one kind, or, of 4-bit rows on a GPU of compute capability 9.0, with 2 stages and more.</summary>
    private readonly CudaKernel[] kernels;
    private readonly int[] sharedBytes;
    private readonly (int Multiprocessors, int Resident, int StageBytes) room;
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
        var limits = CudaDriver.Limits();
        (string File, Dictionary<string, long> Macros, int SharedBytes, int StageBytes)[] kinds = !packed
            ? [PlainMacros.For(plan, type, limits) switch { var (file, macros, bytes) => (file, macros, bytes, 0) }]
            : limits.ComputeCapability == Hopper
                ? [.. Enumerable.Range(LeastStages, PackedMacros.MostStages - LeastStages + 1).Select(n => PackedMacros.OfAttention(cache!, plan, n))]
                : [PackedMacros.OfAttention(cache!, plan)];
        var first = kinds[0].Macros;
        threads = (int)first["WARPS"] * LanesOfAWarp;
        partsOfASequence = packed ? shape.KvHeads / (int)first["WARPS"] : shape.KvHeads;
        room = (limits.Multiprocessors, kinds.Length > 1 ? (int)first["RESIDENT"] : 0, kinds[0].StageBytes);
        partials = empty([plan.Partials], ScalarType.Float32, device).DetachFromDisposeScope();
        arrived = zeros([plan.Counts], ScalarType.Int32, device).DetachFromDisposeScope();
        sharedBytes = [.. kinds.Select(k => k.SharedBytes)];
        kernels = KernelSource.CompileAll(kinds.Length, partials.device.index, n => KernelSource.Compile(
            kinds[n].File, "decode_attention", type, kinds[n].Macros, kinds.Length == 1 ? kinds[n].SharedBytes : limits.SharedBytes - DeclaredBytes));
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
        int? window)
    {
        ReadOnlySpan<long> arguments =
        [
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
            BitConverter.SingleToInt32Bits((float)scale),
        ];
        (int X, int Y) blocks = ((int)sequences.shape[0] * partsOfASequence, plan.Chunks(longest));
        if (kernels.Length == 1)
        {
            kernels[0].Launch(blocks, threads, arguments);
            return;
        }

        var residence = DecodeResidence.For(
            (long)blocks.X * blocks.Y, room.Multiprocessors, room.Resident, (room.StageBytes, stages => sharedBytes[stages - LeastStages]));
        kernels[residence.Stages - LeastStages].Launch(blocks, (threads, residence.SharedBytes), arguments);
    }

    public void Dispose()
    {
        Array.ForEach(kernels, k => k.Dispose());
        partials.Dispose();
        arrived.Dispose();
    }
}
