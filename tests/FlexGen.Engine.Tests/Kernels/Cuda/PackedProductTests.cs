using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
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
        var (memory, weight, numbers) = Random(new(outputs, inputs, group));
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
        var (memory, weight, numbers) = Random(new(outputs, inputs, group));
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
        var (memory, weight, _) = Random(new(256, 4096, 64));
        var x = randn(8, 4096, device: CUDA).to(ScalarType.Float16);
        var (once, recorded) = (empty(8, 256, ScalarType.Float16, CUDA), zeros(8, 256, ScalarType.Float16, CUDA));
        product.Forward(x, weight, null, once);
        cuda.synchronize();
        using var graph = CudaGraph.Capture(0, () => product.Forward(x, weight, null, recorded));
        cuda.synchronize();
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
        Tensor from = zeros(1L << 28, device: CUDA), to = zeros(1L << 28, device: CUDA);
        output.WriteLine($"a copy: {2 * from.ByteCount() / Seconds(4, () => to.copy_(from)) / 1e12:f2} TB/s read and written");
        foreach (var (outputs, inputs) in ((int, int)[])[(16384, 4096), (4096, 16384), (14336, 4096), (7168, 28672), (12288, 12288), (4096, 4096)])
        {
            var shape = new PackedShape(outputs, inputs, 64);
            var weights = Enumerable.Range(0, (int)(200_000_000 / shape.Bytes) + 1).Select(_ => Random(shape, valued: false)).ToArray();
            foreach (var rows in (int[])[1, 16, 64, 128])
            {
                Tensor x = randn(rows, inputs, device: CUDA).to(ScalarType.Float16), y = empty(rows, outputs, ScalarType.Float16, CUDA);
                var n = 0;
                var seconds = Seconds(60, () => product.Forward(x, weights[n++ % weights.Length].Weight, null, y));
                var (terabytes, teraflops) = (shape.Bytes / seconds / 1e12, 2e-12 * rows * outputs * inputs / seconds);
                output.WriteLine($"[{outputs}, {inputs}], {rows} rows: {seconds * 1e6:f1} us, {terabytes:f2} TB/s, {teraflops:f0} TFLOP/s");
            }
        }
    }

    [Theory]
    [InlineData(ScalarType.Float16, 512, 1024, 64, true)]
    [InlineData(ScalarType.Float16, 500, 1000, 64, false)]
    [InlineData(ScalarType.BFloat16, 272, 1096, 64, true)]
    [InlineData(ScalarType.Float16, 333, 1216, 32, true)]
    [InlineData(ScalarType.BFloat16, 256, 4000, 128, false)]
    [InlineData(ScalarType.Float16, 20, 24, 64, true)]
    [InlineData(ScalarType.Float16, 4096, 512, 64, false)]
    [InlineData(ScalarType.BFloat16, 1024, 4096, 64, true)]
    public void A_product_of_many_rows_is_that_in_double_precision_and_the_same_for_any_number_of_them(
        ScalarType type, int outputs, int inputs, int group, bool biased)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = WarpgroupProduct.For(type, CUDA);
        Assert.SkipWhen(product is null, "not a GPU whose tensor cores take an operand from registers");
        var (memory, weight, numbers) = Random(new(outputs, inputs, group));
        Assert.True(WarpgroupProduct.Takes(weight.Shape));
        int[] counts = [1100, 129, 150, 192, 200, 256, 300, 512, 513, 1];
        var x = randn(counts[0], inputs, device: CUDA).to(type);
        var bias = biased ? randn(outputs, device: CUDA).to(type) : null;
        Tensor? all = null;
        foreach (var rows in counts)
        {
            var found = full([rows, outputs], double.NaN, device: CUDA).to(type);
            for (var repeat = 0; repeat < 2; repeat++)
            {
                product.Forward(x.narrow(0, counts[0] - rows, rows).clone(), [(weight, bias)], [found]);
            }

            all ??= found;
            Assert.True(found.eq(all.narrow(0, counts[0] - rows, rows)).all().item<bool>(), $"{rows} rows have other results than {counts[0]}");
        }

        // Each weight is rounded to the type, at the most twice, and so is the result.
        var expected = x.to(ScalarType.Float64).matmul(numbers.t()) + (bias ?? zeros(1, device: CUDA));
        var bound = (x.abs().to(ScalarType.Float64).square().matmul(numbers.t().square()).sqrt() * 6) + expected.abs() + 1;
        var error = ((all! - expected).abs() / bound).max().item<double>();
        Assert.True(error < (type == ScalarType.Float16 ? 1e-3 : 8e-3), $"{error}");
        GC.KeepAlive(memory);
    }

    [Fact]
    public void Several_weights_are_multiplied_at_once_and_a_row_has_the_same_results_among_any_others()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = WarpgroupProduct.For(ScalarType.Float16, CUDA);
        Assert.SkipWhen(product is null, "not a GPU whose tensor cores take an operand from registers");
        var made = new[] { 512, 200, 128, 72, 1000 }.Select(outputs => Random(new(outputs, 2048, 64))).ToArray();
        var weights = made.Select((m, n) => (m.Weight, Bias: n % 2 == 0 ? randn(m.Weight.Shape.Rows, device: CUDA).to(ScalarType.Float16) : null)).ToArray();
        var x = randn(700, 2048, device: CUDA).to(ScalarType.Float16);
        Tensor[] Results(int rows)
        {
            var outputs = weights.Select(w => full([rows, w.Weight.Shape.Rows], double.NaN, device: CUDA).to(ScalarType.Float16)).ToArray();
            product.Forward(x.narrow(0, 700 - rows, rows).clone(), weights, outputs);
            return outputs;
        }

        var all = Results(700);
        foreach (var rows in (int[])[40, 256, 300])
        {
            Assert.All(Results(rows).Zip(all), r => Assert.True(r.First.eq(r.Second.narrow(0, 700 - rows, rows)).all().item<bool>()));
        }

        foreach (var ((_, weight, numbers), n) in made.Select((m, n) => (m, n)))
        {
            var expected = x.to(ScalarType.Float64).matmul(numbers.t()) + (weights[n].Bias ?? zeros(1, device: CUDA));
            Assert.True(((all[n] - expected).abs() / expected.abs().clamp(min: 1)).max().item<double>() < 2e-2, $"{weight.Shape}");
        }

        GC.KeepAlive(made);
    }

    [Fact]
    public void Weights_that_begin_in_the_middle_of_a_step_are_not_taken()
    {
        Assert.False(WarpgroupProduct.Takes(new(128, 1000, 32)));
        Assert.False(WarpgroupProduct.Takes(new(128, 1001, 64)));
        Assert.False(WarpgroupProduct.Takes(new(128, 960, 24)));
        Assert.True(WarpgroupProduct.Takes(new(128, 960, 32)));
    }

    [Fact]
    public void It_multiplies_many_rows_about_as_fast_as_weights_in_16_bits()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        foreach (var type in (ScalarType[])[ScalarType.Float16, ScalarType.BFloat16])
        {
            using var many = WarpgroupProduct.For(type, CUDA);
            using var few = new PackedProduct(type, CUDA);
            Assert.SkipWhen(many is null, "not a GPU whose tensor cores take an operand from registers");
            foreach (var (outputs, inputs) in ((int, int)[])[(16384, 4096), (4096, 16384), (28672, 4096), (4096, 4096), (1024, 4096), (7168, 7168)])
            {
                using var ofShape = NewDisposeScope();
                var shape = new PackedShape(outputs, inputs, 64);
                var weights = Enumerable.Range(0, (int)(150_000_000 / shape.Bytes) + 1).Select(_ => Random(shape, valued: false)).ToArray();
                var plain = randn(outputs, inputs, device: CUDA).to(type);
                foreach (var rows in (int[])[32, 64, 128, 256, 512, 1024])
                {
                    Tensor x = randn(rows, inputs, device: CUDA).to(type), y = empty(rows, outputs, type, CUDA);
                    var n = 0;
                    double Rate(Action work) => 2e-12 * rows * outputs * inputs / Recorded(work);
                    var unpacked = Rate(() => few.Unpack(weights[n++ % weights.Length].Weight, 0, plain));
                    var library = Rate(() => nn.functional.linear(x, plain).Dispose());
                    var text = $"{type} [{outputs}, {inputs}], {rows} rows: {Rate(() => many.Forward(x, [(weights[n++ % weights.Length].Weight, null)], [y])):f0} TFLOP/s, "
                        + $"the library in 16 bits {library:f0}, after unpacking {1 / ((1 / library) + (1 / unpacked)):f0}";
                    text += rows <= few.MostRows ? $", the kernel for few rows {Rate(() => few.Forward(x, weights[n++ % weights.Length].Weight, null, y)):f0}" : "";
                    output.WriteLine(text);
                }
            }
        }
    }

    /// <summary>Seconds of one of some that are recorded, so that issuing them does not count.</summary>
    private static double Recorded(Action work)
    {
        const int repeats = 16;
        work();
        cuda.synchronize();
        using var graph = CudaGraph.Capture(0, () =>
        {
            for (var n = 0; n < repeats; n++)
            {
                work();
            }
        });
        return Seconds(3, graph.Launch) / repeats;
    }

    private static double Seconds(int repeats, Action work)
    {
        work();
        using CudaEvent start = new(timed: true), end = new(timed: true);
        CudaStream.Current.Record(start);
        for (var n = 0; n < repeats; n++)
        {
            work();
        }

        CudaStream.Current.Record(end);
        end.Synchronize();
        return end.MillisecondsSince(start) / 1e3 / repeats;
    }

    /// <summary>A weight of random numbers, and what they are: [rows, columns].</summary>
    private static (Tensor Memory, PackedWeight Weight, Tensor Numbers) Random(PackedShape shape, bool valued = true)
    {
        var (tiles, groups, words) = (shape.Tiles, shape.Groups, shape.Group / PackedShape.WordElements);
        var numbers = randint(0, 16, [tiles, groups, words, PackedShape.TileRows, PackedShape.WordElements], ScalarType.Int64, CUDA);
        var packed = zeros([tiles, groups, words, PackedShape.TileRows], ScalarType.Int64, CUDA);
        for (var n = 0; n < PackedShape.WordElements; n++)
        {
            packed += numbers.select(-1, n).bitwise_left_shift(PackedShape.Shifts[n]);
        }

        Tensor Bits() => randint(0, 1024, [tiles, groups, PackedShape.TileRows], ScalarType.Int64, CUDA);

        // Scales of 2^-7 to 2^-6 and zeros of 4 to 8, by their bits as float16.
        var (scales, centers) = (Bits(), Bits());
        var pairs = (scales + 0x2000) + ((centers + 0x4400) * 0x10000);
        var memory = cat([packed.flatten(2), pairs], 2).to(ScalarType.Int32).contiguous();
        Assert.Equal(shape.Bytes, memory.ByteCount());
        if (!valued)
        {
            return (memory, new(memory.Address(), shape), memory);
        }

        var (scale, zero) = ((1 + (scales.to(ScalarType.Float64) / 1024)) / 128, 4 * (1 + (centers.to(ScalarType.Float64) / 1024)));
        var wide = scale.reshape(tiles, groups, 1, -1, 1) * (numbers - zero.reshape(tiles, groups, 1, -1, 1));
        var matrix = wide.permute(0, 3, 1, 2, 4).reshape(tiles * PackedShape.TileRows, groups * shape.Group);
        return (memory, new(memory.Address(), shape), matrix.narrow(0, 0, shape.Rows).narrow(1, 0, shape.Columns));
    }
}
