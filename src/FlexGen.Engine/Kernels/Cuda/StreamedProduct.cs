using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products of few rows with a weight in 4-bit groups on a GPU of compute capability 9.0, whose blocks add up in each other's shared memory.
/// A call neither allocates nor waits, and may be recorded.
/// </summary>
internal sealed class StreamedProduct : IDisposable
{
    private const int Hopper = 90, Warp = 32, TileRows = 8, Reciprocal = 65536, ElementBytes = 2, MostWeights = 3;

    /// <summary>Bytes of shared memory of a block, and the most elements of K of which a team's x is there at once.</summary>
    private const int SharedBytes = 224 << 10, PhaseElements = 1152;

    /// <summary>For each number of tiles of 8 rows of x: groups of 64 of a weight that are on the way to a warp.</summary>
    private static readonly int[] depths = [3, 2, 2];

    /// <summary>The most rows of x. From <see cref="WarpgroupProduct.LeastRows"/> on warpgroups are faster, where they take the weights.</summary>
    public const int MostRows = 24;

    private readonly ScalarType type;
    private readonly int multiprocessors = CudaDriver.Limits().Multiprocessors;
    private readonly Dictionary<(int Group, int Tiles, int Blocks), CudaKernel> kernels = [];

    private StreamedProduct(ScalarType type) => this.type = type;

    /// <summary>One for a type and the GPU that is current on this thread; null where blocks have no such memory.</summary>
    public static StreamedProduct? For(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 && CudaDriver.Limits().ComputeCapability == Hopper ? new(type) : null;

    /// <summary>Whether it multiplies with a weight: rows of x begin at 16 bytes.</summary>
    public static bool Takes(PackedShape shape) => Takes(shape.Group) && shape.Columns % 8 == 0;

    /// <summary>Whether it multiplies with weights of a group.</summary>
    public static bool Takes(int group) => group is 32 or 64 or 128;

    /// <summary>Compiles the kernels for weights of a group, which takes seconds: better before the first token than between two.</summary>
    public void Prepare(int group, int gpu)
    {
        // Of other groups warpgroups take all weights.
        var tiles = group < WarpgroupProduct.StepElements ? depths.Length : 1;
        var kinds = Enumerable.Range(0, Takes(group) ? tiles * StreamedDivision.MostBlocks : 0)
            .Select(n => (Tiles: (n / StreamedDivision.MostBlocks) + 1, Blocks: (n % StreamedDivision.MostBlocks) + 1)).ToArray();
        foreach (var (n, made) in KernelSource.CompileAll(kinds.Length, gpu, n => Compile(group, kinds[n].Tiles, kinds[n].Blocks)).Index())
        {
            kernels[(group, kinds[n].Tiles, kinds[n].Blocks)] = made;
        }
    }

    /// <summary>x W^T + b of each weight. A row's results depend on nothing but the row, the weights and the biases.</summary>
    /// <param name="x">[rows, in], contiguous, at the most <see cref="MostRows"/>.</param>
    /// <param name="weights">[out, in], in the same group, with biases [out], contiguous, or none.</param>
    /// <param name="outputs">[rows, out], contiguous.</param>
    public void Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights, ReadOnlySpan<Tensor> outputs)
    {
        if (x.shape[0] > MostRows)
        {
            throw new ArgumentOutOfRangeException(nameof(x), x.shape[0], $"At the most {MostRows} rows are multiplied with 4-bit weights on their way.");
        }

        for (; weights.Length > MostWeights; weights = weights[MostWeights..], outputs = outputs[MostWeights..])
        {
            Forward(x, weights[..MostWeights], outputs[..MostWeights]);
        }

        var (group, tiles, division) = (weights[0].Weight.Shape.Group, (int)((x.shape[0] + TileRows - 1) / TileRows), Division(weights));
        const int weight = 8, bias = weight + MostWeights, output = bias + MostWeights, rows = output + MostWeights, first = rows + MostWeights - 1;
        Span<long> arguments = stackalloc long[first + MostWeights];
        ((ReadOnlySpan<long>)[x.Address(), x.shape[0], x.shape[1], division.Pairs, (Reciprocal / division.Pairs) + 1, division.Teams, division.Share,
            Phase(group, tiles, division)]).CopyTo(arguments);
        arguments[(first + 1)..].Fill(int.MaxValue);
        var blocks = 0L;
        for (var n = 0; n < weights.Length; n++)
        {
            arguments[weight + n] = weights[n].Weight.Address;
            arguments[bias + n] = weights[n].Bias?.Address() ?? IntPtr.Zero;
            arguments[output + n] = outputs[n].Address();
            arguments[rows + n] = weights[n].Weight.Shape.Rows;
            if (n > 0)
            {
                arguments[first + n] = blocks;
            }

            blocks += division.RowBlocks(weights[n].Weight.Shape);
        }

        Kernel(group, tiles, division.Blocks).Launch((division.Blocks, (int)blocks), division.Pairs * division.Teams * Warp, arguments);
    }

    public void Dispose()
    {
        foreach (var kernel in kernels.Values)
        {
            kernel.Dispose();
        }
    }

    private static int Depth(int group, int tiles) => group switch
    {
        32 => 2,
        64 => depths[tiles - 1],
        _ => (depths[tiles - 1] + 1) / 2,
    };

    /// <summary>Groups of which a team's x is in shared memory at once, twice if that is not all.</summary>
    private static int Phase(int group, int tiles, StreamedDivision division)
    {
        var multiple = Depth(group, tiles);
        var (all, most) = ((division.Share + multiple - 1) / multiple * multiple, PhaseElements / group / multiple * multiple);
        var bytes = division.Teams * tiles * TileRows * ((group * ElementBytes) + sizeof(float));
        return all <= most && all * bytes <= SharedBytes ? all : Math.Clamp(SharedBytes / (2 * bytes) / multiple * multiple, multiple, most);
    }

    private StreamedDivision Division(ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        Span<PackedShape> shapes = stackalloc PackedShape[weights.Length];
        for (var n = 0; n < weights.Length; n++)
        {
            shapes[n] = weights[n].Weight.Shape;
        }

        return StreamedDivision.For(shapes, multiprocessors);
    }

    private CudaKernel Kernel(int group, int tiles, int blocks)
    {
        if (!kernels.TryGetValue((group, tiles, blocks), out var kernel))
        {
            kernels.Add((group, tiles, blocks), kernel = Compile(group, tiles, blocks));
        }

        return kernel;
    }

    private CudaKernel Compile(int group, int tiles, int blocks) => KernelSource.Compile(
        "streamed_product.cu", "streamed_product", type,
        new Dictionary<string, long> { ["GROUP"] = group, ["TILES"] = tiles, ["DEPTH"] = Depth(group, tiles), ["BLOCKS"] = blocks }, SharedBytes);
}
