using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public sealed class PackedProductTests(ITestOutputHelper output)
{
    private static readonly int[] rowCounts = [128, 1, 3, 8, 9, 16, 31, 33, 64, 65];

    [Theory]
    [InlineData(ScalarType.Float16, 512, 1024, 64, true)]
    [InlineData(ScalarType.Float16, 500, 1000, 64, false)]
    [InlineData(ScalarType.BFloat16, 272, 1096, 64, true)]
    [InlineData(ScalarType.Float16, 333, 1234, 32, true)]
    [InlineData(ScalarType.BFloat16, 256, 4000, 128, false)]
    [InlineData(ScalarType.Float16, 250, 1001, 24, true)]
    [InlineData(ScalarType.Float16, 20, 27, 64, true)]
    [InlineData(ScalarType.Float16, 4096, 512, 64, false)]
    public void A_product_is_that_in_double_precision_and_the_same_for_any_number_of_rows(ScalarType type, int outputs, int inputs, int group, bool biased)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = new PackedProduct(type, CUDA);
        var (memory, weight, numbers) = RandomWeight.Of(new(outputs, inputs, group));
        var x = randn(rowCounts[0], inputs, device: CUDA).to(type);
        var bias = biased ? randn(outputs, device: CUDA).to(type) : null;
        var expected = x.to(ScalarType.Float64).matmul(numbers.t()) + (bias ?? zeros(1, device: CUDA));
        Tensor? all = null;
        foreach (var rows in rowCounts)
        {
            var found = full([rows, outputs], double.NaN, device: CUDA).to(type);
            for (var repeat = 0; repeat < 2; repeat++)
            {
                product.Forward(x.narrow(0, rowCounts[0] - rows, rows).clone(), weight, bias, found);
            }

            all ??= found;
            Assert.True(found.eq(all.narrow(0, rowCounts[0] - rows, rows)).all().item<bool>(), $"{rows} rows have other results than {rowCounts[0]}");
        }

        var error = ((all! - expected).abs() / expected.abs().clamp(min: 1)).max().item<double>();
        Assert.True(error < (type == ScalarType.Float16 ? 6e-4 : 5e-3), $"{error}");
        GC.KeepAlive(memory);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 100, 130, 64)]
    [InlineData(ScalarType.Float16, 96, 1000, 32)]
    [InlineData(ScalarType.BFloat16, 77, 27, 128)]
    [InlineData(ScalarType.Float16, 64, 96, 24)]
    public void Unpacked_rows_are_rounded_once(ScalarType type, int outputs, int inputs, int group)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = new PackedProduct(type, CUDA);
        var (memory, weight, numbers) = RandomWeight.Of(new(outputs, inputs, group));
        foreach (var (first, count) in ((int, int)[])[(0, outputs), (16, 16), (5, 27), (outputs - 1, 1)])
        {
            var found = full([count, inputs], double.NaN, device: CUDA).to(type);
            product.Unpack(weight, first, found);
            var expected = numbers.narrow(0, first, count).to(ScalarType.Float32).to(type);
            Assert.True(found.eq(expected).all().item<bool>(), $"rows {first} to {first + count}");
        }

        GC.KeepAlive(memory);
    }

    [Fact]
    public void Products_are_recorded_and_more_rows_than_it_is_for_are_refused()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = new PackedProduct(ScalarType.Float16, CUDA);
        var (memory, weight, _) = RandomWeight.Of(new(256, 4096, 64));
        var x = randn(8, 4096, device: CUDA).to(ScalarType.Float16);
        var (once, recorded) = (empty(8, 256, ScalarType.Float16, CUDA), zeros(8, 256, ScalarType.Float16, CUDA));
        product.Forward(x, weight, null, once);
        CudaDriver.Settle();
        using var graph = CudaGraph.Capture(0, () => product.Forward(x, weight, null, recorded));
        CudaDriver.Settle();
        recorded.zero_();
        graph.Launch();
        Assert.True(recorded.eq(once).all().item<bool>());
        var many = zeros(product.MostRows + 1, 4096, ScalarType.Float16, CUDA);
        Assert.Throws<ArgumentOutOfRangeException>(() => product.Forward(many, weight, null, zeros(many.shape[0], 256, ScalarType.Float16, CUDA)));
        GC.KeepAlive(memory);
    }

    [Fact]
    public void It_reads_weights_about_as_fast_as_memory_is_copied()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = new PackedProduct(ScalarType.Float16, CUDA);
        output.WriteLine($"a copy: {DeviceRate.Copy() / 1e12:f2} TB/s read and written");
        foreach (var (outputs, inputs) in ((int, int)[])[(16384, 4096), (4096, 16384), (14336, 4096), (7168, 28672), (12288, 12288), (4096, 4096)])
        {
            var shape = new PackedShape(outputs, inputs, 64);
            var weights = Enumerable.Range(0, (int)(200_000_000 / shape.Bytes) + 1).Select(_ => RandomWeight.Of(shape, valued: false)).ToArray();
            foreach (var rows in (int[])[1, 16, 64, 128])
            {
                Tensor x = randn(rows, inputs, device: CUDA).to(ScalarType.Float16), y = empty(rows, outputs, ScalarType.Float16, CUDA);
                var seconds = DeviceRate.Seconds(n => product.Forward(x, weights[n % weights.Length].Weight, null, y));
                var (terabytes, teraflops) = (shape.Bytes / seconds / 1e12, 2e-12 * rows * outputs * inputs / seconds);
                output.WriteLine($"[{outputs}, {inputs}], {rows} rows: {seconds * 1e6:f1} us, {terabytes:f2} TB/s, {teraflops:f0} TFLOP/s");
            }
        }
    }
}
