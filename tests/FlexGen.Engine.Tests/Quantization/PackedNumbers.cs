using System.Buffers.Binary;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Quantization;

/// <summary>Takes a packed matrix apart, by its description and one element at a time.</summary>
internal static class PackedNumbers
{
    public static (float Scale, float Zero, int Number) At(ReadOnlySpan<byte> packed, PackedShape shape, long row, long column)
    {
        var (tile, inTile, group, inGroup) = (row / 16, (int)(row % 16), column / shape.Group, (int)(column % shape.Group));
        var block = packed[(int)(((tile * shape.Groups) + group) * shape.BlockBytes)..];
        var word = BinaryPrimitives.ReadUInt32LittleEndian(block[(4 * ((inGroup / 8 * 16) + inTile))..]);
        var scales = block[(shape.Group / 8 * 64)..];
        int[] order = [0, 2, 4, 6, 1, 3, 5, 7];
        return (
            (float)BinaryPrimitives.ReadHalfLittleEndian(scales[(4 * inTile)..]),
            (float)BinaryPrimitives.ReadHalfLittleEndian(scales[((4 * inTile) + 2)..]),
            (int)(word >> (4 * Array.IndexOf(order, inGroup % 8))) & 15);
    }

    /// <summary>All of it: [rows, columns].</summary>
    public static double[,] Unpack(ReadOnlySpan<byte> packed, PackedShape shape)
    {
        var numbers = new double[shape.Rows, shape.Columns];
        for (var row = 0L; row < shape.Rows; row++)
        {
            for (var column = 0L; column < shape.Columns; column++)
            {
                var (scale, zero, number) = At(packed, shape, row, column);
                numbers[row, column] = scale * ((double)number - zero);
            }
        }

        return numbers;
    }
}
