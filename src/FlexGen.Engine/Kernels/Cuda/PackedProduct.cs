using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static FlexGen.Engine.Kernels.Cuda.Ceiling;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products of few rows with a weight in 4-bit groups on a GPU, and such weights as elements. Kernels are compiled for each group and number of
/// rows when they are asked for or first used; then a call neither allocates nor waits, and may be recorded. One stream at a time computes.
/// </summary>
internal sealed class PackedProduct : IDisposable
{
    private const int BlockRows = 128, Parts = 4, MostSplits = 16, UnitElements = 128, WordsOfBlock = 64, UnpackThreads = 256;
    private readonly ScalarType type;
    private readonly CudaLimits limits = CudaDriver.Limits();
    private readonly Dictionary<(int Group, int Index), (PackedTiling Tiling, CudaKernel Kernel)> products = [];
    private readonly Dictionary<int, CudaKernel> unpackers = [];
    private readonly Tensor partials;
    private readonly Tensor arrived;

    /// <param name="type">The type of x and of what a weight is unpacked to.</param>
    /// <param name="device">The GPU, which is current on this thread.</param>
    public PackedProduct(ScalarType type, Device device)
    {
        this.type = type;
        MostRows = (type, limits.ComputeCapability) switch
        {
            (ScalarType.Float16, >= 75 and < 80) => 64,
            (ScalarType.Float16 or ScalarType.BFloat16, >= 80) => 128,
            _ => 0,
        };
        partials = empty([(long)(limits.Multiprocessors + MostSplits) * BlockRows * MostRows], ScalarType.Float32, device).DetachFromDisposeScope();
        arrived = zeros([(long)limits.Multiprocessors * MostRows], ScalarType.Int32, device).DetachFromDisposeScope();
    }

    /// <summary>The most rows of x for which this is faster than unpacking and the library; 0 where tensor cores do not take the type.</summary>
    public int MostRows { get; }

    /// <summary>Compiles the kernels for weights of a group, which takes seconds: better before the first token than between two.</summary>
    /// <param name="group">Of the weights.</param>
    /// <param name="gpu">Whose number this is.</param>
    /// <param name="rows">Of x, at the most.</param>
    public void Prepare(int group, int gpu, int rows)
    {
        foreach (var (index, made) in KernelSource.CompileAll(rows == 0 ? 0 : PackedTiling.Index(rows) + 1, gpu, n => Compile(group, n)).Index())
        {
            products[(group, index)] = made;
        }
    }

    /// <summary>x W^T + b. A row's result depends on nothing but the row, the weight and the bias.</summary>
    /// <param name="x">[rows, in], contiguous, at the most <see cref="MostRows"/>.</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], contiguous, or none.</param>
    /// <param name="output">[rows, out], contiguous.</param>
    public void Forward(Tensor x, PackedWeight weight, Tensor? bias, Tensor output)
    {
        var (shape, rows) = (weight.Shape, x.shape[0]);
        if (rows > MostRows)
        {
            throw new ArgumentOutOfRangeException(nameof(x), rows, $"At the most {MostRows} rows are multiplied with a 4-bit weight as it is.");
        }

        var (tiling, kernel) = Product(shape.Group, PackedTiling.Index(rows));
        var (across, splits) = (Divide(rows, tiling.Columns), Splits(shape));
        kernel.Launch(
            ((int)(across * splits * Divide(shape.Tiles, 2 * tiling.Pairs)), 1),
            tiling.Threads,
            x.Address(),
            weight.Address,
            bias?.Address() ?? IntPtr.Zero,
            output.Address(),
            rows,
            shape.Columns,
            shape.Rows,
            splits,
            partials.Address(),
            arrived.Address());
    }

    /// <summary>Some rows of a weight: scale * (q - zero) in float32, rounded to the type.</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="firstRow">The first.</param>
    /// <param name="to">[rows, in], contiguous.</param>
    public void Unpack(PackedWeight weight, long firstRow, Tensor to)
    {
        var (shape, rows) = (weight.Shape, to.shape[0]);
        if (!unpackers.TryGetValue(shape.Group, out var kernel))
        {
            kernel = KernelSource.Compile("unpack_weight.cu", "unpack_weight", type, new Dictionary<string, long> { ["GROUP"] = shape.Group });
            unpackers.Add(shape.Group, kernel);
        }

        var tiles = Divide(firstRow + rows, PackedShape.TileRows) - (firstRow / PackedShape.TileRows);
        kernel.Launch(
            ((int)Divide(shape.Columns, PackedShape.WordElements * WordsOfBlock), (int)tiles),
            UnpackThreads,
            weight.Address,
            to.Address(),
            firstRow,
            rows,
            shape.Columns);
    }

    public void Dispose()
    {
        foreach (var kernel in products.Values.Select(p => p.Kernel).Concat(unpackers.Values))
        {
            kernel.Dispose();
        }

        partials.Dispose();
        arrived.Dispose();
    }

    /// <summary>Blocks that share K, so that a weight of few rows occupies the GPU too. By the weight's shape alone, for they are added up.</summary>
    private long Splits(PackedShape shape)
    {
        var most = Math.Min(MostSplits, shape.Columns / (Parts * UnitElements));
        return Math.Clamp(limits.Multiprocessors / Divide(shape.Rows, BlockRows), 1, Math.Max(most, 1));
    }

    private (PackedTiling Tiling, CudaKernel Kernel) Product(int group, int index)
    {
        if (!products.TryGetValue((group, index), out var found))
        {
            products.Add((group, index), found = Compile(group, index));
        }

        return found;
    }

    private (PackedTiling Tiling, CudaKernel Kernel) Compile(int group, int index)
    {
        var (tiling, macros, sharedBytes) = PackedTiling.For(index, group, limits.SharedBytes);
        return (tiling, KernelSource.Compile("packed_product.cu", "packed_product", type, macros, sharedBytes));
    }
}
