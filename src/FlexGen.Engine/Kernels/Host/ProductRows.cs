using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The sums of a tile become what a layer gives: with its bias, in its type.</summary>
internal static unsafe class ProductRows
{
    /// <summary>Writes a tile's outputs of some rows.</summary>
    /// <param name="sums">[rows, 16].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="bias">Of the tile's outputs, or null.</param>
    /// <param name="to">The first row's first output.</param>
    /// <param name="stride">Elements from a row to the next one.</param>
    /// <param name="count">Outputs of the tile.</param>
    /// <typeparam name="T">float, or ushort for bfloat16.</typeparam>
    public static void Write<T>(float* sums, int rows, T* bias, T* to, long stride, int count)
        where T : unmanaged
    {
        const int Half = PackedShape.TileRows / 2;
        var (first, second) = (Vector256<float>.Zero, Vector256<float>.Zero);
        if (bias is not null && count == PackedShape.TileRows)
        {
            (first, second) = (Load(bias), Load(bias + Half));
        }

        for (var row = 0; row < rows; row++, sums += PackedShape.TileRows, to += stride)
        {
            if (count < PackedShape.TileRows)
            {
                for (var n = 0; n < count; n++)
                {
                    Store(Vector256.CreateScalar(sums[n] + (bias is null ? 0 : One(bias + n))), to + n);
                }
            }
            else if (typeof(T) == typeof(float))
            {
                (Vector256.Load(sums) + first).Store((float*)to);
                (Vector256.Load(sums + Half) + second).Store((float*)to + Half);
            }
            else
            {
                Vector256.Narrow(Rounded(Vector256.Load(sums) + first), Rounded(Vector256.Load(sums + Half) + second)).Store((ushort*)to);
            }
        }
    }

    private static void Store<T>(Vector256<float> number, T* to)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            *(float*)to = number[0];
        }
        else
        {
            *(ushort*)to = (ushort)Rounded(number)[0];
        }
    }

    /// <summary>The nearest bfloat16, of two the even one. NaN is only ever one that has no bits in the lower half.</summary>
    public static Vector256<uint> Rounded(Vector256<float> numbers)
    {
        var bits = numbers.AsUInt32();
        return (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
    }
}
