using FlexGen.Engine.Kernels.Host;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Support;

/// <summary>Rows of a 4-bit KV cache, read one number at a time, and the rotation that they have, by its formula.</summary>
internal static class PackedRows
{
    private static readonly int[] order = [0, 2, 4, 6, 1, 3, 5, 7];

    /// <summary>The rotated elements of rows, [rows, kvHeads, headDim].</summary>
    public static double[] Read(ReadOnlySpan<byte> rows, int kvHeads, int headDim)
    {
        var (group, rowBytes) = (CacheRows.Group(headDim), (int)CacheRows.RowBytes(kvHeads, headDim));
        var (groups, values) = ((headDim + group - 1) / group, new double[rows.Length / rowBytes * kvHeads * headDim]);
        for (var n = 0; n < values.Length; n++)
        {
            var row = rows.Slice(n / (kvHeads * headDim) * rowBytes, rowBytes);
            var (head, element) = (n / headDim % kvHeads, n % headDim);
            var (part, at) = ((head * groups) + (element / group), element % group);
            var word = BitConverter.ToUInt32(row[((part * group / 2) + (at / 8 * 4))..]);
            var number = (word >> (4 * Array.IndexOf(order, at % 8))) & 15;
            var pair = row[((kvHeads * groups * group / 2) + (4 * part))..];
            values[n] = (double)BitConverter.ToHalf(pair) * (number - (double)BitConverter.ToHalf(pair[2..]));
        }

        return values;
    }

    /// <summary>The matrix of the rotation: Hadamard's in Sylvester's order, block by block.</summary>
    public static Tensor Rotation(int headDim)
    {
        var (size, matrix) = (headDim & -headDim, new double[headDim, headDim]);
        for (var row = 0; row < headDim; row++)
        {
            for (var column = row / size * size; column < ((row / size) + 1) * size; column++)
            {
                matrix[row, column] = (int.IsOddInteger(int.PopCount(row % size & column % size)) ? -1 : 1) / Math.Sqrt(size);
            }
        }

        return tensor(matrix);
    }
}
