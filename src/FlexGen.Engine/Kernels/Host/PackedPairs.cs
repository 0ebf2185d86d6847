using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Scales and zeros of some 4-bit rows, put together by group.</summary>
internal static unsafe class PackedPairs
{
    /// <summary>Rows at once.</summary>
    public const int Tile = 16;

    /// <summary>Floats of a group: its scale in each row and then its zero in each row.</summary>
    public const int Floats = 2 * Tile;

    private const int Square = 8;
    private const float Largest = 65504;

    /// <summary>Reads them. A scale that has no number in float16 has none here either; those of rows that are missing are 0.</summary>
    /// <param name="pairs">The first row's pairs.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="rows">How many rows, up to <see cref="Tile"/>.</param>
    /// <param name="groups">Pairs of a row.</param>
    /// <param name="to">[groups, <see cref="Floats"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(byte* pairs, long stride, int rows, int groups, float* to)
    {
        var g = 0;
        for (; Avx2.IsSupported && g + Square <= groups; g += Square, to += Square * Floats)
        {
            Transpose((int*)pairs + g, stride, rows, to);
            Transpose((int*)(pairs + (Square * stride)) + g, stride, rows - Square, to + Square);
        }

        for (; g < groups; g++, to += Floats)
        {
            Store(Column((int*)pairs + g, stride, rows), to);
            Store(Column((int*)(pairs + (Square * stride)) + g, stride, rows - Square), to + Square);
        }
    }

    private static Vector256<int> Column(int* from, long stride, int rows)
    {
        var column = Vector256<int>.Zero;
        for (var t = 0; t < Math.Min(Square, rows); t++)
        {
            column = column.WithElement(t, *(int*)((byte*)from + (t * stride)));
        }

        return column;
    }

    /// <summary>8 groups of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(int* from, long stride, int rows, float* to)
    {
        var (a0, a1) = (Row(from, stride, 0, rows), Row(from, stride, 1, rows));
        var (a2, a3) = (Row(from, stride, 2, rows), Row(from, stride, 3, rows));
        var (a4, a5) = (Row(from, stride, 4, rows), Row(from, stride, 5, rows));
        var (a6, a7) = (Row(from, stride, 6, rows), Row(from, stride, 7, rows));
        var (b0, b1) = (Avx2.UnpackLow(a0, a1).AsInt64(), Avx2.UnpackHigh(a0, a1).AsInt64());
        var (b2, b3) = (Avx2.UnpackLow(a2, a3).AsInt64(), Avx2.UnpackHigh(a2, a3).AsInt64());
        var (b4, b5) = (Avx2.UnpackLow(a4, a5).AsInt64(), Avx2.UnpackHigh(a4, a5).AsInt64());
        var (b6, b7) = (Avx2.UnpackLow(a6, a7).AsInt64(), Avx2.UnpackHigh(a6, a7).AsInt64());
        Store(Avx2.UnpackLow(b0, b2), Avx2.UnpackLow(b4, b6), to);
        Store(Avx2.UnpackHigh(b0, b2), Avx2.UnpackHigh(b4, b6), to + Floats);
        Store(Avx2.UnpackLow(b1, b3), Avx2.UnpackLow(b5, b7), to + (2 * Floats));
        Store(Avx2.UnpackHigh(b1, b3), Avx2.UnpackHigh(b5, b7), to + (3 * Floats));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Row(int* from, long stride, int row, int rows) =>
        row < rows ? Vector256.Load((int*)((byte*)from + (row * stride))) : Vector256<int>.Zero;

    /// <summary>Two groups, 4 apart, of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<long> four, Vector256<long> others, float* to)
    {
        Store(Avx2.Permute2x128(four, others, 0x20).AsInt32(), to);
        Store(Avx2.Permute2x128(four, others, 0x31).AsInt32(), to + (4 * Floats));
    }

    /// <summary>One group of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> pairs, float* to)
    {
        var scale = HostVectors.Float16(pairs << 16);
        var isNone = Vector256.GreaterThan(Vector256.Abs(scale), Vector256.Create(Largest));
        Vector256.ConditionalSelect(isNone, Vector256.Create(float.NaN), scale).Store(to);
        HostVectors.Float16(pairs).Store(to + Tile);
    }
}
