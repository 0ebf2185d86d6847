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

    /// <summary>
    /// Reads them. A scale that has no number in float16 has none here either. Instead of rows that are missing there is the last one again.
    /// </summary>
    /// <param name="pairs">The first row's pairs.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="rows">How many rows, up to <see cref="Tile"/>.</param>
    /// <param name="groups">Pairs of a row.</param>
    /// <param name="to">[groups, <see cref="Floats"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(byte* pairs, long stride, int rows, int groups, float* to)
    {
        for (var first = 0; first < Tile; first += Square, to += Square)
        {
            Read(pairs, stride, first, rows - 1, groups, to);
        }
    }

    /// <summary>8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(byte* pairs, long stride, int first, int last, int groups, float* to)
    {
        int* r0 = Row(first), r1 = Row(first + 1), r2 = Row(first + 2), r3 = Row(first + 3);
        int* r4 = Row(first + 4), r5 = Row(first + 5), r6 = Row(first + 6), r7 = Row(first + 7);
        var g = 0;
        for (; Avx2.IsSupported && g + Square <= groups; g += Square, to += Square * Floats)
        {
            var (a0, a1) = (Vector256.Load(r0 + g), Vector256.Load(r1 + g));
            var (a2, a3) = (Vector256.Load(r2 + g), Vector256.Load(r3 + g));
            var (a4, a5) = (Vector256.Load(r4 + g), Vector256.Load(r5 + g));
            var (a6, a7) = (Vector256.Load(r6 + g), Vector256.Load(r7 + g));
            var (b0, b1) = (Avx2.UnpackLow(a0, a1).AsInt64(), Avx2.UnpackHigh(a0, a1).AsInt64());
            var (b2, b3) = (Avx2.UnpackLow(a2, a3).AsInt64(), Avx2.UnpackHigh(a2, a3).AsInt64());
            var (b4, b5) = (Avx2.UnpackLow(a4, a5).AsInt64(), Avx2.UnpackHigh(a4, a5).AsInt64());
            var (b6, b7) = (Avx2.UnpackLow(a6, a7).AsInt64(), Avx2.UnpackHigh(a6, a7).AsInt64());
            Store(Avx2.UnpackLow(b0, b2), Avx2.UnpackLow(b4, b6), to);
            Store(Avx2.UnpackHigh(b0, b2), Avx2.UnpackHigh(b4, b6), to + Floats);
            Store(Avx2.UnpackLow(b1, b3), Avx2.UnpackLow(b5, b7), to + (2 * Floats));
            Store(Avx2.UnpackHigh(b1, b3), Avx2.UnpackHigh(b5, b7), to + (3 * Floats));
        }

        for (; g < groups; g++, to += Floats)
        {
            Store(Vector256.Create(r0[g], r1[g], r2[g], r3[g], r4[g], r5[g], r6[g], r7[g]), to);
        }

        int* Row(int row) => (int*)(pairs + (Math.Min(row, last) * stride));
    }

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
