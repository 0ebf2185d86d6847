using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Quantization;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public sealed class StreamedProductTests(ITestOutputHelper output)
{
    private static readonly int[] rowCounts = [24, 1, 3, 4, 8, 9, 16, 17, 23];

    [Theory]
    [InlineData(ScalarType.Float16, 64, true, 1024, 512)]
    [InlineData(ScalarType.Float16, 64, false, 1000, 500, 20, 72)]
    [InlineData(ScalarType.BFloat16, 64, true, 1096, 272)]
    [InlineData(ScalarType.Float16, 32, true, 1240, 333)]
    [InlineData(ScalarType.BFloat16, 32, true, 7168, 7168)]
    [InlineData(ScalarType.BFloat16, 128, false, 4000, 256, 64)]
    [InlineData(ScalarType.Float16, 128, true, 14336, 4096)]
    [InlineData(ScalarType.Float16, 64, true, 24, 20)]
    [InlineData(ScalarType.Float16, 64, false, 16384, 4096)]
    [InlineData(ScalarType.Float16, 64, true, 4096, 4096, 1024, 1024, 96, 2000)]
    [InlineData(ScalarType.BFloat16, 64, true, 4096, 28672)]
    public void Products_are_those_in_double_precision_and_the_same_for_any_number_of_rows(
        ScalarType type, int group, bool biased, int inputs, params int[] outputs)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = StreamedProduct.For(type);
        Assert.SkipWhen(product is null, "not a GPU whose blocks read each other's shared memory");
        var made = outputs.Select(rows => RandomWeight.Of(new(rows, inputs, group))).ToArray();
        (PackedWeight, Tensor?)[] weights = [.. made.Select(m => (m.Weight, biased ? randn(m.Weight.Shape.Rows, device: CUDA).to(type) : null))];
        Assert.All(made, m => Assert.True(StreamedProduct.Takes(m.Weight.Shape)));
        var x = randn(rowCounts[0], inputs, device: CUDA).to(type);
        Tensor[]? all = null;
        foreach (var rows in rowCounts)
        {
            var found = outputs.Select(o => full([rows, o], double.NaN, device: CUDA).to(type)).ToArray();
            for (var repeat = 0; repeat < 2; repeat++)
            {
                product.Forward(x.narrow(0, rowCounts[0] - rows, rows).clone(), weights, found);
            }

            all ??= found;
            Assert.All(found.Zip(all), r => Assert.True(r.First.eq(r.Second.narrow(0, rowCounts[0] - rows, rows)).all().item<bool>(), $"{rows} rows"));
        }

        for (var n = 0; n < made.Length; n++)
        {
            var expected = x.to(ScalarType.Float64).matmul(made[n].Numbers.t()) + (weights[n].Item2 ?? zeros(1, device: CUDA));
            var error = ((all![n] - expected).abs() / expected.abs().clamp(min: 1)).max().item<double>();
            Assert.True(error < (type == ScalarType.Float16 ? 6e-4 : 5e-3), $"{outputs[n]} x {inputs}: {error}");
        }

        GC.KeepAlive(made);
    }

    [Fact]
    public void Products_are_recorded_and_more_rows_than_it_is_for_are_refused()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = StreamedProduct.For(ScalarType.Float16);
        Assert.SkipWhen(product is null, "not a GPU whose blocks read each other's shared memory");
        var (memory, weight, _) = RandomWeight.Of(new(4096, 4096, 64));
        var x = randn(16, 4096, device: CUDA).to(ScalarType.Float16);
        var (once, recorded) = (empty(16, 4096, ScalarType.Float16, CUDA), zeros(16, 4096, ScalarType.Float16, CUDA));
        product.Forward(x, [(weight, null)], [once]);
        CudaDriver.Settle();
        using var graph = CudaGraph.Capture(0, () => product.Forward(x, [(weight, null)], [recorded]));
        CudaDriver.Settle();
        recorded.zero_();
        graph.Launch();
        Assert.True(recorded.eq(once).all().item<bool>());
        var many = zeros(StreamedProduct.MostRows + 1, 4096, ScalarType.Float16, CUDA);
        Assert.Throws<ArgumentOutOfRangeException>(() => product.Forward(many, [(weight, null)], [zeros(many.shape[0], 4096, ScalarType.Float16, CUDA)]));
        GC.KeepAlive(memory);
    }

    [Fact]
    public void Weights_that_do_not_begin_at_16_bytes_and_other_groups_are_not_taken()
    {
        Assert.True(StreamedProduct.Takes(new PackedShape(128, 1000, 32)));
        Assert.False(StreamedProduct.Takes(new PackedShape(128, 1001, 64)));
        Assert.False(StreamedProduct.Takes(new PackedShape(128, 960, 24)));
    }

    [Fact]
    public void Few_rows_take_not_much_longer_than_a_copy_of_the_weight()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = new GpuPackedProduct(ScalarType.Float16, device("cuda:0"), [64], unpackedBytes: 0);
        foreach (var (inputs, outputs) in ((int, int[])[])[(4096, [4096]), (4096, [4096, 4096, 4096]), (4096, [16384]), (16384, [4096]), (7168, [7168]),
            (7168, [28672]), (28672, [7168]), (4096, [4096, 1024, 1024]), (4096, [14336, 14336]), (14336, [4096])])
        {
            using var ofShape = NewDisposeScope();
            var bytes = outputs.Sum(o => new PackedShape(o, inputs, 64).Bytes);
            var sets = Enumerable.Range(0, (int)(150_000_000 / bytes) + 2)
                .Select(_ => outputs.Select(o => RandomWeight.Of(new(o, inputs, 64), valued: false)).ToArray()).ToArray();
            var weights = sets.Select(s => s.Select(w => (w.Weight, (Tensor?)null)).ToArray()).ToArray();
            var halves = sets.Select(_ => (From: zeros(bytes / 8, ScalarType.Int32, CUDA), To: zeros(bytes / 8, ScalarType.Int32, CUDA))).ToArray();
            var n = 0;
            var copy = DeviceRate.Recorded(() => halves[n % halves.Length].To.copy_(halves[n++ % halves.Length].From));
            var text = $"[{string.Join(" + ", outputs)}, {inputs}], a copy {copy * 1e6:f1} us, {bytes / copy / 1e12:f2} TB/s; rows:";
            foreach (var rows in (int[])[1, 4, 9, 16, 24, 32, 40, 48, 61, 64, 128])
            {
                using var ofRows = NewDisposeScope();
                var x = randn(rows, inputs, device: CUDA).to(ScalarType.Float16);
                var seconds = DeviceRate.Recorded(() => Array.ForEach(product.Forward(x, weights[n++ % weights.Length]), y => y.Dispose()));
                text += $" {rows}: {seconds * 1e6:f1} us ({copy / seconds:p0})";
            }

            output.WriteLine(text);
            GC.KeepAlive(sets);
        }
    }
}
