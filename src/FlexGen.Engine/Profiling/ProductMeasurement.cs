using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>Products as linear layers have them: by libtorch with weights of the computed type, and with weights in 4 bits.</summary>
internal sealed class ProductMeasurement : IDisposable
{
    private const int Group = 64, MostRowsBeside = 64;
    private const long FilledBytes = 16 << 20;
    private readonly ProfileScale scale;
    private readonly Device device;
    private readonly ScalarType type;
    private readonly long elementBytes;
    private readonly long largestBytes;
    private readonly ComputeMemory pool;
    private readonly int? gpu;

    /// <param name="scale">How much is measured.</param>
    /// <param name="device">The compute device.</param>
    /// <param name="type">The computed type.</param>
    public ProductMeasurement(ProfileScale scale, Device device, ScalarType type)
    {
        (this.scale, this.device, this.type, gpu) = (scale, device, type, ComputeMemory.Gpu(device));
        elementBytes = DataTypes.Format(type).Bytes(1);
        var tallest = scale.Tall.Select(t => (long)t.Ratio * t.Columns[^1] * t.Columns[^1]).DefaultIfEmpty().Max();
        largestBytes = Math.Max((long)scale.Widths[^1] * scale.Widths[^1], tallest) * elementBytes;
        PoolBytes = Math.Max(scale.PoolBytes, 2 * largestBytes);
        pool = new(PoolBytes, device);
    }

    private long PoolBytes { get; }

    /// <summary>Tables by the weights' format.</summary>
    /// <param name="timing">What measures.</param>
    /// <param name="busy">What is at work beside a product, each for a figure of its own.</param>
    /// <param name="beside">How many times as long the product takes beside each.</param>
    public Dictionary<string, ProductTable> Measure(Timing timing, IReadOnlyList<Func<IReadOnlyList<Traffic>>> busy, out double[] beside)
    {
        FillPlain();
        var plain = Table(scale.Rows, (rows, width) => Plain(timing, rows, (width, width)));
        plain = plain with { Tall = scale.Tall.Count == 0 ? null : [.. scale.Tall.Select(t => Tall(timing, t))] };
        beside = [.. busy.Select(b => Beside(timing, b, plain))];
        using IPackedProduct product = gpu is null ? new HostPackedProduct() : new GpuPackedProduct(type, device, [Group], largestBytes);
        FillPacked();
        // Where a GPU goes another way there is a step in the times.
        var rows = product is GpuPackedProduct packed
            ? [.. scale.PackedRows.Concat(packed.Ways.SelectMany(w => new[] { w, w + 1 })).Where(r => r > 0).Distinct().Order()]
            : scale.PackedRows;
        var ofPacked = Table(rows, (r, width) => Packed(timing, product, r, width)) with { Joined = (product as GpuPackedProduct)?.Joined };
        return new() { [DataTypes.Format(type).Name] = plain, ["int4"] = ofPacked };
    }

    public void Dispose() => pool.Dispose();

    private ProductTable Table(IReadOnlyList<int> rows, Func<int, int, double> seconds) => new(
        [.. rows.Select(r => (double)r)],
        [.. scale.Widths.Select(w => (double)w * w)],
        [.. rows.Select(r => (IReadOnlyList<double>)[.. scale.Widths.Select(w => seconds(r, w))])]);

    private double Beside(Timing timing, Func<IReadOnlyList<Traffic>> busy, ProductTable alone)
    {
        var (rows, width) = (scale.Rows.Last(r => r <= MostRowsBeside), scale.Widths[scale.Widths.Count / 2]);
        var at = busy();
        try
        {
            return Math.Max(1, Plain(timing, rows, (width, width)) / alone.At(rows, (double)width * width));
        }
        finally
        {
            foreach (var traffic in at)
            {
                traffic.Dispose();
            }
        }
    }

    private ProductTable Tall(Timing timing, ProfileScale.TallWeights of) => new(
        [.. of.Rows.Select(r => (double)r)],
        [.. of.Columns.Select(c => (double)of.Ratio * c * c)],
        [.. of.Rows.Select(r => (IReadOnlyList<double>)[.. of.Columns.Select(c => Plain(timing, r, (of.Ratio * c, c)))])],
        of.Ratio);

    private double Plain(Timing timing, int rows, (int Rows, int Columns) weight)
    {
        using var scope = NewDisposeScope();
        using var x = Activations(rows, weight.Columns);
        var bytes = (long)weight.Rows * weight.Columns * elementBytes;
        var weights = Enumerable.Range(0, (int)(PoolBytes / bytes)).Select(n => pool.View(n * bytes, [weight.Rows, weight.Columns], type)).ToList();
        var seconds = timing.OnDevice(n => nn.functional.linear(x, weights[n % weights.Count]).Dispose());
        weights.ForEach(w => w.Dispose());
        return seconds;
    }

    private double Packed(Timing timing, IPackedProduct product, int rows, int width)
    {
        using var scope = NewDisposeScope();
        using var x = Activations(rows, width);
        var shape = new PackedShape(width, width, Group);
        var count = (int)(PoolBytes / shape.Bytes);
        return timing.OnDevice(n => product.Forward(x, [(new(pool.Address + (nint)(n % count * shape.Bytes), shape), null)])[0].Dispose());
    }

    private Tensor Activations(int rows, int width) => randn(rows, width, device: device).to(type);

    private void FillPlain()
    {
        // What the numbers are makes no difference.
        using var source = new DummyWeights();
        using var some = pool.View(0, [FilledBytes / elementBytes], type);
        source.Read(new("pool", some.shape, 0), 0, some);
        for (var at = FilledBytes; at < PoolBytes; at += FilledBytes)
        {
            using var more = pool.View(at, [Math.Min(FilledBytes, PoolBytes - at) / elementBytes], type);
            more.copy_(some.narrow(0, 0, more.shape[0]));
        }
    }

    /// <summary>A block has no place: as tiles of any shape they are numbers in 4 bits.</summary>
    private void FillPacked()
    {
        using var source = new DummyWeights();
        var tile = new PackedShape(PackedShape.TileRows, scale.Widths[0], Group);
        var shape = tile with { Rows = Math.Min(FilledBytes, PoolBytes) / tile.Bytes * PackedShape.TileRows };
        using var some = empty([shape.Bytes], ScalarType.Byte);
        source.ReadPacked(new("pool", [shape.Rows, shape.Columns], 0, IsLinear: true), shape, 0, some.Address(), shape.Bytes);
        for (var at = 0L; at < PoolBytes; at += shape.Bytes)
        {
            using var more = pool.View(at, [Math.Min(shape.Bytes, PoolBytes - at)], ScalarType.Byte);
            more.copy_(some.narrow(0, 0, more.shape[0]));
        }
    }
}
