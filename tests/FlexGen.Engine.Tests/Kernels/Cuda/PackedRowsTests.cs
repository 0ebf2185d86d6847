using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class PackedRowsTests(ITestOutputHelper output)
{
    /// <summary>Of half a step: float16 of scale and zero, and float32 of what is rounded.</summary>
    private const double Slack = 1.01;

    [Theory]
    [InlineData(ScalarType.Float16, 4, 128)]
    [InlineData(ScalarType.BFloat16, 8, 64)]
    [InlineData(ScalarType.Float32, 3, 256)]
    [InlineData(ScalarType.Float16, 2, 96)]
    [InlineData(ScalarType.BFloat16, 3, 80)]
    [InlineData(ScalarType.Float16, 3, 20)]
    [InlineData(ScalarType.Float32, 2, 27)]
    [InlineData(ScalarType.Float16, 1, 8)]
    [InlineData(ScalarType.BFloat16, 2, 16)]
    [InlineData(ScalarType.Float16, 2, 512)]
    public void Each_element_is_rounded_to_the_nearest_number_of_its_rotated_head(ScalarType type, int kvHeads, int headDim)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        manual_seed(1);
        var format = ElementFormat.Int4Heads(headDim);
        using var kernel = new PackedRows(format, type);

        // As a product's columns: rows that are strided.
        var both = randn(60, 2, kvHeads, headDim, device: CUDA).to(type);
        var (keys, values) = (both.select(1, 0), both.select(1, 1) * 0.01);
        var packed = kernel.Pack(keys, values);

        foreach (var (exact, rows) in new[] { (keys, packed.Keys), (values, packed.Values) })
        {
            var (elements, steps) = PackedCache.Unpack(rows, format, kvHeads, headDim);
            var worst = ((elements - PackedCache.Rotate(exact)).abs() / steps).max().item<double>();
            Assert.True(worst <= 0.5 * Slack, $"{worst} steps");
        }
    }

    [Fact]
    public void Groups_of_one_number_are_kept_as_it()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        var format = ElementFormat.Int4Heads(27);
        using var kernel = new PackedRows(format, ScalarType.Float32);

        // 27 elements are not rotated.
        var numbers = tensor(new[] { 0f, 0.75f, -3f, 60_000f, 1e-6f }).cuda().reshape(5, 1, 1).expand(5, 1, 27).contiguous();
        var (elements, _) = PackedCache.Unpack(kernel.Pack(numbers, numbers).Values, format, 1, 27);

        Assert.True((elements - numbers).abs().le((numbers.abs() * 5e-4) + 6e-8).all().item<bool>(), string.Join(' ', elements.cpu().data<double>()));
    }

    [Fact]
    [Trait("Category", "Long")]
    public void Its_rate_is_told_beside_a_copy()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        const int kvHeads = 32, headDim = 128;
        var format = ElementFormat.Int4Heads(headDim);
        using var kernel = new PackedRows(format, ScalarType.Float16);
        foreach (var rows in new[] { 40, 250, 20_000 })
        {
            var keys = randn(rows, kvHeads, headDim, device: CUDA).to(ScalarType.Float16);
            var seconds = DeviceRate.Seconds(_ =>
            {
                using var call = NewDisposeScope();
                kernel.Pack(keys, keys);
            });
            output.WriteLine($"{rows} rows: {seconds * 1e6:F1} us, {2 * rows * ((kvHeads * headDim * 2) + format.Bytes(kvHeads, headDim)) / seconds / 1e12:F2} TB/s; "
                + $"a copy {DeviceRate.Copy() / 1e12:F2} TB/s");
        }
    }
}
