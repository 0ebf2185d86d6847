using System.Buffers.Binary;
using System.Numerics;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

/// <summary>Rows of the KV cache in 4 bits, taken apart one element at a time, in double precision.</summary>
internal static class PackedCache
{
    /// <summary>[rows, RowBytes] as [rows, kvHeads, headDim], rotated as it lies there, and the step between numbers of each element.</summary>
    public static (Tensor Elements, Tensor Steps) Unpack(Tensor rows, ElementFormat format, int kvHeads, int headDim)
    {
        var (group, groups) = (format.BlockElements, (headDim + format.BlockElements - 1) / format.BlockElements);
        var (rowBytes, pairs) = ((int)format.Bytes(kvHeads, headDim), kvHeads * groups * group / 2);
        var (count, bytes) = ((int)rows.shape[0], rows.cpu().contiguous().data<byte>().ToArray());
        var (elements, steps) = (new double[count * kvHeads * headDim], new double[count * kvHeads * headDim]);
        for (var n = 0; n < elements.Length; n++)
        {
            var row = bytes.AsSpan(n / (kvHeads * headDim) * rowBytes, rowBytes);
            var (head, d) = (n / headDim % kvHeads, n % headDim);
            var block = (head * groups) + (d / group);
            var word = BinaryPrimitives.ReadUInt32LittleEndian(row[(((block * group / 8) + (d % group / 8)) * 4)..]);
            var scale = (double)BinaryPrimitives.ReadHalfLittleEndian(row[(pairs + (block * 4))..]);
            var zero = (double)BinaryPrimitives.ReadHalfLittleEndian(row[(pairs + (block * 4) + 2)..]);
            (elements[n], steps[n]) = (scale * (((word >> PackedShape.Shifts[d % group % 8]) & 15) - zero), scale);
        }

        return (tensor(elements).reshape(count, kvHeads, headDim).cuda(), tensor(steps).reshape(count, kvHeads, headDim).cuda());
    }

    /// <summary>[..., headDim] times the Hadamard matrix.</summary>
    public static Tensor Rotate(Tensor heads)
    {
        var order = (int)(heads.shape[^1] & -heads.shape[^1]);
        var matrix = new double[order * order];
        for (var n = 0; n < matrix.Length; n++)
        {
            matrix[n] = (BitOperations.PopCount((uint)(n / order & n % order)) % 2 == 0 ? 1 : -1) / Math.Sqrt(order);
        }

        return heads.to(ScalarType.Float64).reshape(-1, order).matmul(tensor(matrix).reshape(order, order).cuda()).reshape(heads.shape);
    }

    /// <summary>Random rows, [rows, RowBytes] each.</summary>
    public static (Tensor Keys, Tensor Values) Random(PackedRows kernel, ScalarType type, int rows, int kvHeads, int headDim) =>
        kernel.Pack(randn(rows, kvHeads, headDim, device: CUDA).to(type), randn(rows, kvHeads, headDim, device: CUDA).to(type));
}
