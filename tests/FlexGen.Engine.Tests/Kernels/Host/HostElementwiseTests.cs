using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public unsafe class HostElementwiseTests
{
    public static TheoryData<ScalarType, int, int> Sizes()
    {
        var data = new TheoryData<ScalarType, int, int>();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            foreach (var (rows, width) in new[] { (1, 1), (1, 7), (3, 64), (5, 2050), (33, 1023), (2, 40_000) })
            {
                data.Add(type, rows, width);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_sum_is_the_library_s_to_the_bit(ScalarType type, int rows, int width)
    {
        using var scope = NewDisposeScope();
        var (x, added) = (Random(type, rows, width), Random(type, rows, width));
        var expected = x + added;
        HostElementwise.Add(x, added);
        Assert.True(x.eq(expected).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_norm_of_a_sum_is_that_of_what_takes_its_place(ScalarType type, int rows, int width)
    {
        using var scope = NewDisposeScope();
        var (x, added, weight) = (Random(type, rows, width), Random(type, rows, width), Random(type, 1, width));
        var (sum, fused, apart) = (x + added, empty_like(x), empty_like(x));
        Norm(x, added, weight, fused);
        Assert.True(x.eq(sum).all().item<bool>());
        Norm(sum, null, weight, apart);
        Assert.True(fused.eq(apart).all().item<bool>());
        Norm(sum, null, weight, sum);
        Assert.True(sum.eq(apart).all().item<bool>());
        var wide = x.to(ScalarType.Float64);
        var expected = wide / (wide.square().mean([-1], keepdim: true) + 1e-5).sqrt() * weight;
        Assert.True(fused.to(ScalarType.Float64).allclose(expected, rtol: type == ScalarType.Float32 ? 2e-6 : 1e-2, atol: 1e-30));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1, 1, 2)]
    [InlineData(ScalarType.Float32, 3, 5, 18)]
    [InlineData(ScalarType.Float32, 70, 4, 128)]
    [InlineData(ScalarType.BFloat16, 1, 32, 64)]
    [InlineData(ScalarType.BFloat16, 3, 5, 22)]
    [InlineData(ScalarType.BFloat16, 70, 4, 128)]
    public void Heads_turn_as_by_formula_whatever_rows_are_beside_them(ScalarType type, int rows, int heads, int headDim)
    {
        using var scope = NewDisposeScope();
        var angles = rand(rows, headDim / 2) * 6;
        var (cos, sin) = (cat([angles.cos(), angles.cos()], -1).to(type), cat([-angles.sin(), angles.sin()], -1).to(type));
        var x = Random(type, rows, heads * headDim).view(rows, heads, headDim);
        var rounded = (x * cos.unsqueeze(1)).to(ScalarType.Float64);
        var expected = (rounded + (x.roll(headDim / 2, -1).to(ScalarType.Float64) * sin.unsqueeze(1).to(ScalarType.Float64))).to(ScalarType.Float32).to(type);
        var last = x.narrow(0, rows - 1, 1).clone();
        HostElementwise.Turn(x, cos, sin);
        HostElementwise.Turn(last, cos.narrow(0, rows - 1, 1), sin.narrow(0, rows - 1, 1));
        Assert.True(x.eq(expected).all().item<bool>());
        Assert.True(last.eq(x.narrow(0, rows - 1, 1)).all().item<bool>());
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Narrow_types_become_float32_and_back_as_the_library_has_it(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var count in new[] { 1, 8, 21, 40_001 })
        {
            var wide = randn(count) * exp(randn(count) * 3);
            var (narrow, back, again) = (wide.to(type), empty(count), empty([count], type));
            if (type == ScalarType.Float16)
            {
                HostElementwise.Widen((Half*)narrow.Address(), (float*)back.Address(), count);
                HostElementwise.Narrow((float*)wide.Address(), (Half*)again.Address(), count);
            }
            else
            {
                HostElementwise.Widen((ushort*)narrow.Address(), (float*)back.Address(), count);
                HostElementwise.Narrow((float*)wide.Address(), (ushort*)again.Address(), count);
            }

            Assert.True(back.eq(narrow.to(ScalarType.Float32)).all().item<bool>());
            Assert.True(again.eq(narrow).all().item<bool>());
        }
    }

    private static Tensor Random(ScalarType type, int rows, int width) => (randn(rows, width) * 3).to(type);

    private static void Norm(Tensor x, Tensor? added, Tensor weight, Tensor to) => HostElementwise.RmsNorm(x, added, weight, to, 1e-5f);
}
