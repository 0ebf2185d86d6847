using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

/// <summary>Weights in 4-bit groups on the GPU.</summary>
internal static class RandomWeight
{
    /// <summary>A weight of random numbers, and what they are: [rows, columns].</summary>
    /// <param name="shape">Of the weight.</param>
    /// <param name="valued">Whether they are asked for.</param>
    /// <param name="uneven">Whether some groups have scales 64 times as large.</param>
    public static (Tensor Memory, PackedWeight Weight, Tensor Numbers) Of(PackedShape shape, bool valued = true, bool uneven = false)
    {
        var (tiles, groups, words) = (shape.Tiles, shape.Groups, shape.Group / PackedShape.WordElements);
        var numbers = randint(0, 16, [tiles, groups, words, PackedShape.TileRows, PackedShape.WordElements], ScalarType.Int64, CUDA);
        var packed = zeros([tiles, groups, words, PackedShape.TileRows], ScalarType.Int64, CUDA);
        for (var n = 0; n < PackedShape.WordElements; n++)
        {
            packed += numbers.select(-1, n).bitwise_left_shift(PackedShape.Shifts[n]);
        }

        Tensor Bits() => randint(0, 1024, [tiles, groups, PackedShape.TileRows], ScalarType.Int64, CUDA);

        // Scales of 2^-7 to 2^-6, or of 2^-1 to 1, and zeros of 4 to 8, by their bits as float16.
        var (scales, centers) = (Bits(), Bits());
        var raised = uneven ? randint(0, 64, [tiles, groups, PackedShape.TileRows], ScalarType.Int64, CUDA).eq(0).to(ScalarType.Int64) : zeros_like(scales);
        var pairs = (scales + 0x2000 + (raised * 0x1800)) + ((centers + 0x4400) * 0x10000);
        var memory = cat([packed.flatten(2), pairs], 2).to(ScalarType.Int32).contiguous();
        Assert.Equal(shape.Bytes, memory.ByteCount());
        if (!valued)
        {
            return (memory, new(memory.Address(), shape), memory);
        }

        var (scale, zero) = ((1 + (scales.to(ScalarType.Float64) / 1024)) * (1 + (raised * 63)) / 128, 4 * (1 + (centers.to(ScalarType.Float64) / 1024)));
        var wide = scale.reshape(tiles, groups, 1, -1, 1) * (numbers - zero.reshape(tiles, groups, 1, -1, 1));
        var matrix = wide.permute(0, 3, 1, 2, 4).reshape(tiles * PackedShape.TileRows, groups * shape.Group);
        return (memory, new(memory.Address(), shape), matrix.narrow(0, 0, shape.Rows).narrow(1, 0, shape.Columns));
    }
}
