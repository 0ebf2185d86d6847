using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class PlainMacrosTests
{
    [Theory]
    [InlineData(ScalarType.Float16, 4, 128, 90, 232448, "decode_grouped.cu")]
    [InlineData(ScalarType.BFloat16, 8, 128, 80, 166912, "decode_grouped.cu")]
    [InlineData(ScalarType.Float16, 2, 80, 75, 65536, "decode_grouped.cu")]
    [InlineData(ScalarType.BFloat16, 4, 128, 75, 65536, "decode_attention.cu")]
    [InlineData(ScalarType.Float16, 4, 128, 70, 98304, "decode_attention.cu")]
    [InlineData(ScalarType.Float32, 4, 128, 90, 232448, "decode_attention.cu")]
    [InlineData(ScalarType.Float16, 1, 128, 90, 232448, "decode_attention.cu")]
    [InlineData(ScalarType.Float16, 4, 24, 90, 232448, "decode_attention.cu")]
    [InlineData(ScalarType.Float16, 4, 1024, 75, 65536, "decode_attention.cu")]
    public void Tensor_cores_attend_where_query_heads_share_a_key_head_and_the_GPU_can(
        ScalarType type, int group, int headDim, int capability, int limit, string expected)
    {
        var shape = new ModelShape("test", 1, 8 * group * headDim, 8 * group, 8, headDim, 1, 700);

        var (file, macros, sharedBytes) = PlainMacros.For(new(shape, DataTypes.Format(type), 3, 700), type, new(capability, 132, limit));

        Assert.Equal(expected, file);
        Assert.Equal(file == "decode_grouped.cu", sharedBytes > 0);
        Assert.InRange(sharedBytes, 0, limit);
        Assert.Equal(128, macros["CHUNK"]);
    }
}
