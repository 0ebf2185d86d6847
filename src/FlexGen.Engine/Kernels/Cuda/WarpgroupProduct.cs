using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static FlexGen.Engine.Kernels.Cuda.Ceiling;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products of many rows with a weight in 4-bit groups on a GPU of compute capability 9.0, whose tensor cores take one operand from registers,
/// where the weight's elements are made. A call neither allocates nor waits, and may be recorded. One stream at a time computes.
/// </summary>
internal sealed class WarpgroupProduct : IDisposable
{
    private const int Hopper = 90, BlockRows = 128, Threads = 384, StepBytes = 128, PartElements = 256;

    /// <summary>Elements of K that are multiplied at once: a step has whole groups, or is a part of one.</summary>
    public const int StepElements = 64;

    /// <summary>
    /// Of a multiprocessor's shared memory, what a block needs beside its stages: what every block takes, what the kernel declares, and what
    /// begins stages at 1,024 bytes.
    /// </summary>
    private const int SharedBytes = 228 << 10, BesideStages = (1 << 10) + 256 + Alignment, Alignment = 1024;

    /// <summary>
    /// More parts of K, or parts of fewer elements, would take the last block of an output longer to add up than they save. Of <see cref="FewRows"/> there
    /// is less to add up, and twice as many blocks compute at once.
    /// </summary>
    private const int MostSplits = 4, MostSplitsOfFew = 8, ElementsOfFew = 1024;

    /// <summary>Up to which as many rows of x as that leave a multiprocessor room for two blocks.</summary>
    private const int FewRows = 64;

    /// <summary>Parts of K that a cluster adds up, faster than memory does: of larger clusters too few are on a GPU at once.</summary>
    private const int ClusterBlocks = 2;

    /// <summary>That are multiplied with at once: as many as a layer has for the same rows.</summary>
    private const int MostWeights = 3;

    /// <summary>Rows of x of a block, how many steps are brought at once, and blocks of a multiprocessor.</summary>
    private static readonly (int Columns, int Steps, int Resident)[] tilings =
        [(16, 4, 2), (24, 4, 2), (32, 4, 2), (48, 2, 2), (FewRows, 2, 2), (128, 2, 1), (192, 2, 1), (256, 2, 1)];

    /// <summary>The fewest rows of x for which this is faster than other kernels, and the most for which it is faster than the library.</summary>
    public const int LeastRows = 9, MostRows = 1024;

    private static readonly int mostColumns = tilings[^1].Columns, fewTilings = tilings.Count(t => t.Columns <= FewRows);
    private readonly ScalarType type;
    private readonly int multiprocessors = CudaDriver.Limits().Multiprocessors;
    private readonly Dictionary<(int Group, int Tiling, int Blocks), CudaKernel> kernels = [];
    private readonly Tensor partials;
    private readonly Tensor arrived;

    private WarpgroupProduct(ScalarType type, Device device)
    {
        this.type = type;
        partials = empty([(long)multiprocessors * BlockRows * mostColumns], ScalarType.Float32, device).DetachFromDisposeScope();
        arrived = zeros([multiprocessors], ScalarType.Int32, device).DetachFromDisposeScope();
    }

    /// <summary>One for a type and a GPU, which is current on this thread; null where it has no such tensor cores.</summary>
    public static WarpgroupProduct? For(ScalarType type, Device device) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 && CudaDriver.Limits().ComputeCapability == Hopper ? new(type, device) : null;

    /// <summary>Whether it multiplies with a weight: its rows begin at 16 bytes, and a step of 64 elements has whole groups.</summary>
    public static bool Takes(PackedShape shape) =>
        Takes(shape.Group) && shape.Columns % 8 == 0 && (shape.Group >= StepElements || shape.Columns % StepElements == 0);

    /// <summary>Compiles the kernels for weights of a group, which takes seconds: better before the first token than between two.</summary>
    public void Prepare(int group, int gpu)
    {
        // Each as it is, then those of few rows for clusters.
        (int Tiling, int Blocks) Kind(int n) => n < tilings.Length ? (n, 1) : (n - tilings.Length, ClusterBlocks);
        foreach (var (n, made) in KernelSource.CompileAll(
            Takes(group) ? tilings.Length + fewTilings : 0, gpu, n => Compile(group, Kind(n).Tiling, Kind(n).Blocks)).Index())
        {
            kernels[(group, Kind(n).Tiling, Kind(n).Blocks)] = made;
        }
    }

    /// <summary>
    /// x W^T + b of each weight, whose elements are rounded to the type. A row's results depend on nothing but the row, the weights and biases, and
    /// whether the rows are at the most 64: of fewer, sums are added up in another order.
    /// </summary>
    /// <param name="x">[rows, in], contiguous.</param>
    /// <param name="weights">[out, in], in the same group, with biases [out], contiguous, or none.</param>
    /// <param name="outputs">[rows, out], contiguous.</param>
    public void Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights, ReadOnlySpan<Tensor> outputs)
    {
        for (; weights.Length > MostWeights; weights = weights[MostWeights..], outputs = outputs[MostWeights..])
        {
            Forward(x, weights[..MostWeights], outputs[..MostWeights]);
        }

        var (rows, columns, group, elementBytes) = (x.shape[0], x.shape[1], weights[0].Weight.Shape.Group, x.element_size());
        Span<long> fields = stackalloc long[5 * MostWeights];
        var blocks = 0L;
        for (var n = 0; n < weights.Length; n++)
        {
            var (weight, bias) = weights[n];
            blocks += Divide(weight.Shape.Rows, BlockRows);
            fields[n] = weight.Address;
            fields[MostWeights + n] = bias?.Address() ?? IntPtr.Zero;
            fields[(3 * MostWeights) + n] = weight.Shape.Rows;
            fields[(4 * MostWeights) + n] = blocks;
        }

        var few = rows <= FewRows;
        var splits = few
            ? Math.Clamp(2 * multiprocessors / blocks, 1, Math.Clamp(columns / ElementsOfFew, 1, MostSplitsOfFew))
            : Math.Clamp(multiprocessors / blocks, 1, Math.Min(MostSplits, Divide(columns, PartElements)));
        var cluster = few && splits == ClusterBlocks ? ClusterBlocks : 1;

        // Sums of parts are kept for as many blocks of the most rows as there are multiprocessors, or twice as many of few.
        var atOnce = few || splits == 1 ? rows : multiprocessors / (blocks * splits) * mostColumns;
        for (var first = 0L; first < rows; first += atOnce)
        {
            var now = Math.Min(atOnce, rows - first);
            var each = Divide(now, Divide(now, mostColumns));
            var tiling = Array.FindIndex(tilings, t => t.Columns >= each);
            for (var n = 0; n < weights.Length; n++)
            {
                fields[(2 * MostWeights) + n] = outputs[n].Address() + (nint)(first * weights[n].Weight.Shape.Rows * elementBytes);
            }

            Kernel(group, tiling, cluster).Launch(
                ((int)(blocks * splits), (int)Divide(now, tilings[tiling].Columns)),
                Threads,
                new CudaMatrix(x.Address() + (nint)(first * columns * elementBytes), now, columns, tilings[tiling].Columns),
                fields,
                now,
                columns,
                splits,
                partials.Address(),
                arrived.Address());
        }
    }

    public void Dispose()
    {
        foreach (var kernel in kernels.Values)
        {
            kernel.Dispose();
        }

        partials.Dispose();
        arrived.Dispose();
    }

    private static bool Takes(int group) => group is 32 or 64 or 128;

    private CudaKernel Kernel(int group, int tiling, int blocks)
    {
        if (!kernels.TryGetValue((group, tiling, blocks), out var kernel))
        {
            kernels.Add((group, tiling, blocks), kernel = Compile(group, tiling, blocks));
        }

        return kernel;
    }

    private CudaKernel Compile(int group, int tiling, int blocks)
    {
        var (columns, steps, resident) = tilings[tiling];
        var stage = (steps * columns * StepBytes) + (int)new PackedShape(BlockRows, steps * StepElements, group).Bytes;
        var stages = ((SharedBytes / resident) - BesideStages) / stage;
        return KernelSource.Compile(
            "warpgroup_product.cu", "warpgroup_product", type,
            new Dictionary<string, long>
            {
                ["GROUP"] = group,
                ["COLUMNS"] = columns,
                ["STAGES"] = stages,
                ["CHUNK_STEPS"] = steps,
                ["RESIDENT"] = resident,
                ["MOST"] = MostWeights,
                ["BLOCKS"] = blocks,
            },
            (stages * stage) + Alignment);
    }
}
