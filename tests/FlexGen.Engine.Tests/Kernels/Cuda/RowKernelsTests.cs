using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class RowKernelsTests(ITestOutputHelper output)
{
    private const double Eps = 1e-5;

    public static TheoryData<ScalarType, int, int> Widths =>
    [
        .. from type in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 }
           from shape in new[] { (1, 4096), (300, 4096), (5, 1001), (3, 1), (17, 14336), (3, 40001), (2, 40000), (64, 8192) }
           select (type, shape.Item1, shape.Item2),
    ];

    public static TheoryData<ScalarType, int, int, int, int, bool> Heads =>
    [
        .. from type in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 }
           from shape in new[] { (200, 32, 8, 128), (1, 32, 8, 128), (3, 16, 8, 256), (7, 5, 1, 80), (4, 3, 2, 10), (3, 2, 1, 2), (2, 2, 1, 1088) }
           from normed in new[] { false, true }
           select (type, shape.Item1, shape.Item2, shape.Item3, shape.Item4, normed),
    ];

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_norm_is_the_formula_s_of_a_row_and_of_a_sum_whatever_rows_are_beside_it(ScalarType type, int rows, int width)
    {
        using var scope = Begin();
        using var kernels = new RowKernels(type);
        var (x, added) = ((randn(rows, width) * randn(rows, 1).exp()).to(type).cuda(), randn(rows, width).to(type).cuda());
        var weight = (1 + (randn(width) * 0.2)).to(type).cuda();
        x[rows - 1, width / 2] = rows > 1 ? double.NaN : 1;

        var found = kernels.Norm(x, weight, Eps);
        var (both, sum) = (x.clone(), x + added);
        var ofSum = kernels.NormOfSum(both, added, weight, Eps);
        Expect(found, Norm(x, weight), type);
        ExpectSame(sum, both);
        Expect(ofSum, Norm(sum, weight), type);

        var some = tensor(new long[] { rows - 1, 0, rows / 2 }).cuda();
        ExpectSame(found[some], kernels.Norm(x, weight, Eps, some));
        ExpectSame(found[..1], kernels.Norm(x[..1], weight, Eps));
        ExpectSame(ofSum[..1], kernels.NormOfSum(x[..1].clone(), added[..1], weight, Eps));
        // Where rows lie in memory makes no difference.
        var moved = zeros((rows * width) + 1, type, CUDA)[1..].view(rows, width);
        ExpectSame(found, kernels.Norm(moved.copy_(x), weight, Eps));
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void Heads_are_turned_in_their_places_as_by_the_formula_and_normed_before(ScalarType type, int tokens, int heads, int kvHeads, int headDim, bool normed)
    {
        using var scope = Begin();
        using var kernels = new RowKernels(type);
        var angles = randint(0, 5000, new long[] { tokens, 1, 1 }).to(ScalarType.Float32) * rand(headDim / 2);
        var (cos, sin) = (cat([angles.cos(), angles.cos()], -1).to(type).cuda(), cat([-angles.sin(), angles.sin()], -1).to(type).cuda());
        var (queryNorm, keyNorm) = ((1 + (randn(headDim) * 0.2)).to(type).cuda(), (1 + (randn(headDim) * 0.2)).to(type).cuda());
        (Tensor, Tensor, double)? norms = normed ? (queryNorm, keyNorm, Eps) : null;
        // Query, key and value of one product lie beside each other.
        var all = randn(tokens, heads + (2 * kvHeads), headDim).to(type).cuda();
        all[tokens - 1, 0, 0] = tokens > 1 ? double.NaN : 1;
        var was = all.clone();
        var (query, key) = (all.narrow(1, 0, heads), all.narrow(1, heads, kvHeads));
        kernels.Turn(query, key, (cos, sin), norms);

        // Two numbers of up to 5, each of them rounded, may leave little of each other.
        Expect(query, Turned(was.narrow(1, 0, heads), queryNorm), type, largest: 5);
        Expect(key, Turned(was.narrow(1, heads, kvHeads), keyNorm), type, largest: 5);
        ExpectSame(was.narrow(1, heads + kvHeads, kvHeads), all.narrow(1, heads + kvHeads, kvHeads));
        var (one, other) = (was.narrow(1, 0, heads)[..1].contiguous(), was.narrow(1, heads, kvHeads)[..1].contiguous());
        kernels.Turn(one, other, (cos[..1], sin[..1]), norms);
        ExpectSame(query[..1], one);
        ExpectSame(key[..1], other);

        Tensor Turned(Tensor x, Tensor weight)
        {
            var wide = normed ? Norm(x, weight) : x.to(ScalarType.Float64);
            return (wide * cos) + (wide.roll(headDim / 2, -1) * sin);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void A_gate_is_the_formula_s(ScalarType type)
    {
        using var scope = Begin();
        using var kernels = new RowKernels(type);
        foreach (var (rows, width) in new[] { (1, 1), (1, 7), (300, 4096), (3, 1001) })
        {
            var (gate, up) = ((randn(rows, width) * 6).to(type).cuda(), randn(rows, width).to(type).cuda());
            gate[0, 0] = width > 1 ? double.NaN : 100;
            gate[rows - 1, width - 1] = -100;
            var wide = gate.to(ScalarType.Float64);
            kernels.Gate(gate, up);
            Expect(gate, wide * wide.sigmoid() * up, type);
        }
    }

    [Fact]
    [Trait("Category", "Long")]
    public void Their_rates_are_told_beside_a_copy()
    {
        using var scope = Begin();
        using var kernels = new RowKernels(ScalarType.Float16);
        output.WriteLine($"a copy {DeviceRate.Copy() / 1e12:F2} TB/s");
        foreach (var rows in new[] { 1, 256, 4096, 16384 })
        {
            var (x, added, weight) = (Rows(4096), Rows(4096), ones(4096, ScalarType.Float16, CUDA));
            var (query, key, gate, up) = (Rows(4096).view(rows, 32, 128), Rows(1024).view(rows, 8, 128), Rows(14336), Rows(14336));
            var (cos, sin) = (ones(rows, 1, 128, ScalarType.Float16, CUDA), zeros(rows, 1, 128, ScalarType.Float16, CUDA));
            output.WriteLine($"{rows} rows: norm {Rate(() => kernels.Norm(x, weight, Eps), 2 * 4096)}, of a sum "
                + $"{Rate(() => kernels.NormOfSum(x, added, weight, Eps), 4 * 4096)}, turn {Rate(() => kernels.Turn(query, key, (cos, sin), null), 2 * 5120)}, gate "
                + Rate(() => kernels.Gate(gate, up), 3 * 14336));

            Tensor Rows(long width) => randn(rows, width, device: CUDA).to(ScalarType.Float16);

            string Rate(Action act, long moved)
            {
                var seconds = DeviceRate.Recorded(() =>
                {
                    using var call = NewDisposeScope();
                    act();
                });
                return $"{seconds * 1e6:F1} us ({rows * moved * 2 / seconds / 1e12:F2} TB/s)";
            }
        }
    }

    private static DisposeScope Begin()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        return NewDisposeScope();
    }

    private static Tensor Norm(Tensor x, Tensor weight)
    {
        var wide = x.to(ScalarType.Float64);
        return wide * (wide.square().mean([-1], keepdim: true) + Eps).rsqrt() * weight;
    }

    private static void Expect(Tensor found, Tensor expected, ScalarType type, double largest = 1)
    {
        var tolerance = type switch { ScalarType.Float32 => 2e-6, ScalarType.Float16 => 1.5e-3, _ => 1.2e-2 };
        Assert.Equal(type, found.dtype);
        Assert.True(found.to(ScalarType.Float64).allclose(expected, rtol: tolerance, atol: tolerance * largest, equal_nan: true));
    }

    private static void ExpectSame(Tensor expected, Tensor found) =>
        Assert.True(found.eq(expected).logical_or(expected.isnan().logical_and(found.isnan())).all().item<bool>());
}
