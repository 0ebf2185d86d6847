using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tests.Support;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public class CacheRowsTests
{
    [Theory]
    [InlineData(128, ScalarType.BFloat16)]
    [InlineData(128, ScalarType.Float32)]
    [InlineData(64, ScalarType.Float32)]
    [InlineData(96, ScalarType.BFloat16)]
    [InlineData(32, ScalarType.Float32)]
    [InlineData(80, ScalarType.Float32)]
    [InlineData(27, ScalarType.Float32)]
    [InlineData(12, ScalarType.BFloat16)]
    [InlineData(256, ScalarType.Float32)]
    public void Rows_are_rotated_and_rounded_to_the_nearest_number_of_their_group(int headDim, ScalarType type)
    {
        using var scope = NewDisposeScope();
        manual_seed(headDim);
        var rows = ((randn(41, 5, headDim) * 3) + 1).to(type);
        var rotated = matmul(rows.to(ScalarType.Float64), PackedRows.Rotation(headDim));
        var found = tensor(PackedRows.Read(Pack(rows), 5, headDim), 41, 5, headDim);
        for (var first = 0; first < headDim; first += CacheRows.Group(headDim))
        {
            var group = TensorIndex.Slice(first, Math.Min(headDim, first + CacheRows.Group(headDim)));
            var part = rotated[TensorIndex.Ellipsis, group];
            var step = (part.amax([-1], keepdim: true) - part.amin([-1], keepdim: true)) / 15;
            Assert.True(((found[TensorIndex.Ellipsis, group] - part).abs() <= (step * 0.52) + (part.abs() * 0.002)).all().item<bool>());
        }
    }

    [Fact]
    public unsafe void The_rotation_is_its_own_inverse()
    {
        using var scope = NewDisposeScope();
        var heads = randn(7, 96);
        var rotated = heads.clone();
        CacheRows.Rotate((float*)TensorAddress.Of(rotated.Handle), 7, 96);
        Assert.True((rotated - matmul(heads.to(ScalarType.Float64), PackedRows.Rotation(96))).abs().max().item<double>() < 1e-5);
        CacheRows.Rotate((float*)TensorAddress.Of(rotated.Handle), 7, 96);
        Assert.True((rotated - heads).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void A_group_of_one_number_has_it()
    {
        using var scope = NewDisposeScope();
        var rows = zeros(3, 1, 7);
        (rows[0], rows[1]) = (zeros(1, 7) - 2.5, zeros(1, 7) + 1000);
        Assert.Equal(rows.to(ScalarType.Float64).flatten().data<double>().ToArray(), PackedRows.Read(Pack(rows), 1, 7));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_finite_stays_so(float number)
    {
        using var scope = NewDisposeScope();
        var rows = randn(2, 1, 64);
        rows[1, 0, 5] = number;
        var found = PackedRows.Read(Pack(rows), 1, 64);
        Assert.All(found[..64], x => Assert.True(double.IsFinite(x)));
        Assert.All(found[64..], x => Assert.False(double.IsFinite(x)));
    }

    private static byte[] Pack(Tensor rows)
    {
        var (kvHeads, headDim) = ((int)rows.shape[1], (int)rows.shape[2]);
        using var packed = zeros(rows.shape[0], CacheRows.RowBytes(kvHeads, headDim), ScalarType.Byte);
        CacheRows.Pack(TensorAddress.Of(rows.Handle), rows.dtype, TensorAddress.Of(packed.Handle), rows.shape[0], kvHeads, headDim);
        return packed.data<byte>().ToArray();
    }
}
