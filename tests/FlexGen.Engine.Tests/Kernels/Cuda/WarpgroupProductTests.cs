using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public sealed class WarpgroupProductTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(ScalarType.Float16, 512, 1024, 64, true, false)]
    [InlineData(ScalarType.Float16, 500, 1000, 64, false, false)]
    [InlineData(ScalarType.BFloat16, 272, 1096, 64, true, false)]
    [InlineData(ScalarType.Float16, 333, 1216, 32, true, false)]
    [InlineData(ScalarType.BFloat16, 256, 4000, 128, false, false)]
    [InlineData(ScalarType.Float16, 20, 24, 64, true, false)]
    [InlineData(ScalarType.Float16, 4096, 512, 64, false, false)]
    [InlineData(ScalarType.BFloat16, 1024, 4096, 64, true, false)]
    [InlineData(ScalarType.Float16, 16384, 4096, 64, false, true)]
    [InlineData(ScalarType.Float16, 300, 2112, 32, false, true)]
    [InlineData(ScalarType.BFloat16, 12288, 4096, 64, true, true)]
    [InlineData(ScalarType.Float16, 30000, 1024, 128, true, true)]
    public void A_product_of_many_rows_is_that_in_double_precision_and_the_same_for_any_number_of_them(
        ScalarType type, int outputs, int inputs, int group, bool biased, bool uneven)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var product = WarpgroupProduct.For(type, CUDA);
        Assert.SkipWhen(product is null, "not a GPU whose tensor cores take an operand from registers");
        var (memory, weight, numbers) = RandomWeight.Of(new(outputs, inputs, group), uneven: uneven);
        Assert.True(WarpgroupProduct.Takes(weight.Shape));
        var x = randn(1100, inputs, device: CUDA).to(type);
        var bias = biased ? randn(outputs, device: CUDA).to(type) : null;

        // Each weight is rounded to the type, at the most twice, and so is the result.
        var expected = x.to(ScalarType.Float64).matmul(numbers.t()) + (bias ?? zeros(1, device: CUDA));
        var bound = (x.abs().to(ScalarType.Float64).square().matmul(numbers.t().square()).sqrt() * 6) + expected.abs() + 1;
        foreach (var counts in (int[][])[[1100, 65, 128, 129, 150, 192, 200, 256, 300, 512, 513], [64, 1, 9, 16, 17, 24, 32, 33, 40, 48, 49, 61]])
        {
            Tensor? all = null;
            foreach (var rows in counts)
            {
                var found = full([rows, outputs], double.NaN, device: CUDA).to(type);
                for (var repeat = 0; repeat < 2; repeat++)
                {
                    product.Forward(x.narrow(0, 1100 - rows, rows).clone(), [(weight, bias)], [found]);
                }

                all ??= found;
                Assert.True(found.eq(all.narrow(0, counts[0] - rows, rows)).all().item<bool>(), $"{rows} rows have other results than {counts[0]}");
            }

            var error = ((all! - expected.narrow(0, 1100 - counts[0], counts[0])).abs() / bound.narrow(0, 1100 - counts[0], counts[0])).max().item<double>();
            Assert.True(error < (type == ScalarType.Float16 ? 1e-3 : 8e-3), $"{counts[0]} rows: {error}");
        }

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
        var made = new[] { 512, 200, 128, 72, 1000 }.Select(outputs => RandomWeight.Of(new(outputs, 2048, 64))).ToArray();
        var weights = made.Select((m, n) => (m.Weight, Bias: n % 2 == 0 ? randn(m.Weight.Shape.Rows, device: CUDA).to(ScalarType.Float16) : null)).ToArray();
        var x = randn(700, 2048, device: CUDA).to(ScalarType.Float16);
        Tensor[] Results(int rows)
        {
            var outputs = weights.Select(w => full([rows, w.Weight.Shape.Rows], double.NaN, device: CUDA).to(ScalarType.Float16)).ToArray();
            product.Forward(x.narrow(0, 700 - rows, rows).clone(), weights, outputs);
            return outputs;
        }

        var all = Results(700);
        foreach (var (of, counts) in ((int, int[])[])[(700, [65, 128, 256, 300]), (64, [9, 17, 32, 40, 61])])
        {
            var most = Results(of);
            foreach (var rows in counts)
            {
                Assert.All(Results(rows).Zip(most), r => Assert.True(r.First.eq(r.Second.narrow(0, of - rows, rows)).all().item<bool>()));
            }
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
                var weights = Enumerable.Range(0, (int)(150_000_000 / shape.Bytes) + 1).Select(_ => RandomWeight.Of(shape, valued: false)).ToArray();
                var plain = randn(outputs, inputs, device: CUDA).to(type);
                foreach (var rows in (int[])[16, 32, 64, 128, 256, 512, 1024])
                {
                    Tensor x = randn(rows, inputs, device: CUDA).to(type), y = empty(rows, outputs, type, CUDA);
                    var n = 0;
                    double Rate(Action work) => 2e-12 * rows * outputs * inputs / DeviceRate.Recorded(work);
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
}
