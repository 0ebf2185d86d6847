using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public class HostProductTests
{
    private const int Outputs = 37;

    public static TheoryData<int, int, int> Shapes()
    {
        var data = new TheoryData<int, int, int>();
        foreach (var (group, columns) in new[] { (8, 24), (8, 29), (32, 96), (32, 100), (64, 256), (64, 173), (128, 384), (128, 200), (96, 250), (40, 77), (200, 300) })
        {
            foreach (var rows in new[] { 1, 2, 3, 5, 8, 16, 33, 257 })
            {
                data.Add(group, columns, rows);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Equals_the_product_in_double_precision_of_what_was_rounded(int group, int columns, int rows)
    {
        using var scope = NewDisposeScope();
        using var weight = Random(group, columns);
        var (x, bias) = (randn(rows, columns), randn(Outputs));
        var found = Forward(x, weight, bias);
        Assert.Equal(new Rounded(x, weight).Product(bias), found);
        var (expected, product) = (matmul(x.to(ScalarType.Float64), Values(weight).t()) + bias, HostProduct.Forward(x, [(weight.Weight, bias)])[0]);
        Assert.InRange(((product - expected).norm() / expected.norm()).item<double>(), 0, 0.01);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Is_the_same_to_the_bit_by_all_instructions_and_for_each_row_alone(int group, int columns, int rows)
    {
        using var scope = NewDisposeScope();
        using var weight = Random(group, columns);
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var (x, bias) = (randn(rows, columns).to(type), randn(Outputs).to(type));
            var portable = HostProduct.Forward<PortableProduct>(x, [(weight.Weight, bias)])[0];
            Assert.True(Equal(portable, HostProduct.Forward(x, [(weight.Weight, bias)])[0]));
            if (Avx512Product.IsSupported)
            {
                Assert.True(Equal(portable, HostProduct.Forward<Avx512Product>(x, [(weight.Weight, bias)])[0]));
            }

            if (Avx2Product.IsSupported)
            {
                Assert.True(Equal(portable, HostProduct.Forward<Avx2Product>(x, [(weight.Weight, bias)])[0]));
            }

            for (var row = 0; row < rows; row += 1 + (rows / 8))
            {
                Assert.True(Equal(portable[row], HostProduct.Forward(x[row].unsqueeze(0), [(weight.Weight, bias)])[0][0]));
            }
        }
    }

    [Fact]
    public void Weights_of_several_shapes_share_one_call()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var first = PackedMatrix.Round(Floats(randn(512, 2048)), 512, 2048, 64);
        using var second = PackedMatrix.Round(Floats(randn(40, 2048)), 40, 2048, 64);
        using var third = PackedMatrix.Round(Floats(randn(256, 2048)), 256, 2048, 32);
        var (x, bias) = (randn(300, 2048), randn(40));
        var together = HostProduct.Forward(x, [(first.Weight, null), (second.Weight, bias), (third.Weight, null)]);
        Assert.True(Equal(HostProduct.Forward(x, [(first.Weight, null)])[0], together[0]));
        Assert.True(Equal(HostProduct.Forward(x, [(second.Weight, bias)])[0], together[1]));
        Assert.True(Equal(HostProduct.Forward(x, [(third.Weight, null)])[0], together[2]));
        Assert.True(Equal(HostProduct.Forward<PortableProduct>(x[..7], [(first.Weight, null)])[0], together[0][..7]));
    }

    [Theory]
    [InlineData(ScalarType.Float32, float.NaN)]
    [InlineData(ScalarType.Float32, float.PositiveInfinity)]
    [InlineData(ScalarType.BFloat16, float.NegativeInfinity)]
    [InlineData(ScalarType.BFloat16, float.NaN)]
    public void A_number_that_is_not_finite_makes_its_row_so_and_no_other(ScalarType type, float number)
    {
        using var scope = NewDisposeScope();
        using var weight = Random(64, 173);
        var x = randn(20, 173).to(type);
        var expected = HostProduct.Forward(x, [(weight.Weight, null)])[0];
        x[3, 170] = number;
        var (found, portable) = (HostProduct.Forward(x, [(weight.Weight, null)])[0], HostProduct.Forward<PortableProduct>(x, [(weight.Weight, null)])[0]);
        Assert.False(found[3].isfinite().any().item<bool>());
        Assert.False(portable[3].isfinite().any().item<bool>());
        found[3] = portable[3] = expected[3];
        Assert.True(Equal(expected, found));
        Assert.True(Equal(expected, portable));
    }

    [Fact]
    public void No_rows_give_no_rows()
    {
        using var scope = NewDisposeScope();
        using var weight = Random(32, 64);
        Assert.Equal([0, Outputs], HostProduct.Forward(zeros(0, 64), [(weight.Weight, null)])[0].shape);
    }

    [Fact]
    public void Zeros_and_numbers_near_the_ends_of_their_range_are_multiplied()
    {
        using var scope = NewDisposeScope();
        using var weight = Random(64, 128);
        var row = randn(1, 128);
        var x = cat([zeros(1, 128), row * 1e-35f, row * 1e-20f, row * 1e35f]);
        var found = HostProduct.Forward(x, [(weight.Weight, null)])[0];
        var expected = matmul(x.to(ScalarType.Float64), Values(weight).t());
        Assert.True(((found - expected).abs().amax(1) <= expected.abs().amax(1) * 0.02 + 1e-28).all().item<bool>());
    }

    private static PackedMatrix Random(int group, int columns)
    {
        manual_seed(group + columns);
        return PackedMatrix.Round(Floats(randn(Outputs, columns)), Outputs, columns, group);
    }

    private static bool Equal(Tensor a, Tensor b) => a.equal(b).all().item<bool>();

    private static float[] Floats(Tensor tensor) => tensor.data<float>().ToArray();

    private static float[] Forward(Tensor x, PackedMatrix weight, Tensor bias) => Floats(HostProduct.Forward(x, [(weight.Weight, bias)])[0]);

    private static Tensor Values(PackedMatrix weight)
    {
        var shape = weight.Shape;
        var values = new double[shape.Rows * shape.Columns];
        for (var n = 0; n < values.Length; n++)
        {
            values[n] = weight.Value(n / shape.Columns, n % shape.Columns);
        }

        return tensor(values, shape.Rows, shape.Columns);
    }

    /// <summary>The same rounding, one number at a time.</summary>
    private sealed class Rounded(Tensor x, PackedMatrix weight)
    {
        private readonly float[] x = Floats(x);
        private readonly (int Columns, int Group) shape = ((int)weight.Shape.Columns, weight.Shape.Group);

        public float[] Product(Tensor bias)
        {
            var (biases, outputs) = (Floats(bias), (int)weight.Shape.Rows);
            var product = new float[x.Length / shape.Columns * outputs];
            for (var n = 0; n < product.Length; n++)
            {
                product[n] = One(n / outputs, n % outputs) + biases[n % outputs];
            }

            return product;
        }

        private float One(int row, int output)
        {
            var sum = 0f;
            for (var first = 0; first < shape.Columns; first += shape.Group)
            {
                var part = x.AsSpan((row * shape.Columns) + first, Math.Min(shape.Group, shape.Columns - first));
                var (highest, products, all) = (0f, 0, 0);
                foreach (var number in part)
                {
                    highest = MathF.Max(highest, MathF.Abs(number));
                }

                for (var n = 0; n < part.Length; n++)
                {
                    var rounded = (int)MathF.Round(part[n] * (127 / highest));
                    products += rounded * weight.Number(output, first + n);
                    all += rounded;
                }

                var (scale, zero) = weight.Group(output, first / shape.Group);
                sum = MathF.FusedMultiplyAdd((float)scale * (highest / 127), MathF.FusedMultiplyAdd(-(float)zero, all, products), sum);
            }

            return sum;
        }
    }
}
