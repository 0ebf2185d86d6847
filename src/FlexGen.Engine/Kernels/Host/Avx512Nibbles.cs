using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>With vectors of 512 bits, whose lower half is one group of 64 elements and whose upper half the next.</summary>
internal readonly unsafe struct Avx512Nibbles : INibbleKernel
{
    private const int BlockElements = 128;
    private const int Tile = PackedPairs.Tile;
    private const ushort Low = 15;

    public static int Width => 16;

    public static bool Fit(int headDim) => Avx512BW.IsSupported && headDim % BlockElements == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* words, long stride, int rows, int* query, int heads, PackedHead head, int* room, int* products)
    {
        var (blocks, pairs, low) = (head.Blocks, head.QueryPairs, Vector512.Create(Low));
        for (var b = 0; b < blocks; b++, words += Vector512<byte>.Count, query += PackedHead.Shifts * 16)
        {
            var row = words;
            var (q0, q1) = (Vector512.Load((short*)query), Vector512.Load((short*)query + 32));
            var (q2, q3) = (Vector512.Load((short*)query + 64), Vector512.Load((short*)query + 96));
            for (var t = 0; t < rows; t++, row += stride)
            {
                var v = Vector512.Load((ushort*)row);
                var (v0, v1) = ((v & low).AsInt16(), ((v >>> 4) & low).AsInt16());
                var (v2, v3) = (((v >>> 8) & low).AsInt16(), (v >>> 12).AsInt16());
                var first = Avx512BW.MultiplyAddAdjacent(v0, q0) + Avx512BW.MultiplyAddAdjacent(v1, q1);
                (first + (Avx512BW.MultiplyAddAdjacent(v2, q2) + Avx512BW.MultiplyAddAdjacent(v3, q3))).Store(room + (t * 16));
                for (var h = 1; h < heads; h++)
                {
                    var q = (short*)(query + (h * pairs));
                    var a = Avx512BW.MultiplyAddAdjacent(v0, Vector512.Load(q)) + Avx512BW.MultiplyAddAdjacent(v1, Vector512.Load(q + 32));
                    var c = Avx512BW.MultiplyAddAdjacent(v2, Vector512.Load(q + 64)) + Avx512BW.MultiplyAddAdjacent(v3, Vector512.Load(q + 96));
                    (a + c).Store(room + (((h * Tile) + t) * 16));
                }
            }

            for (var h = 0; h < heads; h++)
            {
                Sum(room + (h * Tile * 16), products + (((h * blocks) + b) * 2 * Tile));
            }
        }
    }

    /// <summary>The sums of each of 16 vectors' halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(int* vectors, int* sums)
    {
        var (x0, x1) = (FourSums(vectors), FourSums(vectors + 64));
        var (x2, x3) = (FourSums(vectors + 128), FourSums(vectors + 192));
        var y0 = Avx512F.Shuffle4x128(x0, x1, 0x88) + Avx512F.Shuffle4x128(x0, x1, 0xDD);
        var y1 = Avx512F.Shuffle4x128(x2, x3, 0x88) + Avx512F.Shuffle4x128(x2, x3, 0xDD);
        Avx512F.Shuffle4x128(y0, y1, 0x88).Store(sums);
        Avx512F.Shuffle4x128(y0, y1, 0xDD).Store(sums + Tile);
    }

    /// <summary>The sums of each of 4 vectors' quarters: a quarter has the 4 vectors' sums of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> FourSums(int* vectors)
    {
        var (a, b) = (Vector512.Load(vectors), Vector512.Load(vectors + 16));
        var (c, d) = (Vector512.Load(vectors + 32), Vector512.Load(vectors + 48));
        var (two, others) = ((Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64(), (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64());
        return Avx512F.UnpackLow(two, others).AsInt32() + Avx512F.UnpackHigh(two, others).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* words, long stride, int rows, short* weights, float* factors, PackedHead head, float* sums)
    {
        var (blocks, low, upper) = (head.Blocks, Vector512.Create(Low), Vector512.Create(Vector256<int>.Zero, Vector256<int>.AllBitsSet));
        for (var b = 0; b < blocks; b++, words += Vector512<byte>.Count, weights += 2 * Tile, factors += 2, sums += PackedHead.SumVectors * 16)
        {
            Vector512<int> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            var row = words;
            for (var t = 0; t < rows; t += 2, row += 2 * stride)
            {
                var (even, odd) = (Vector512.Load((short*)row), Vector512.Load((short*)(t + 1 < rows ? row + stride : row)));
                var pair = (int*)(weights + t);
                var weight = Vector512.ConditionalSelect(upper, Vector512.Create(pair[Tile / 2]), Vector512.Create(*pair)).AsInt16();
                var v = Avx512BW.UnpackLow(even, odd).AsUInt16();
                s0 += Avx512BW.MultiplyAddAdjacent((v & low).AsInt16(), weight);
                s1 += Avx512BW.MultiplyAddAdjacent(((v >>> 4) & low).AsInt16(), weight);
                s2 += Avx512BW.MultiplyAddAdjacent(((v >>> 8) & low).AsInt16(), weight);
                s3 += Avx512BW.MultiplyAddAdjacent((v >>> 12).AsInt16(), weight);
                v = Avx512BW.UnpackHigh(even, odd).AsUInt16();
                s4 += Avx512BW.MultiplyAddAdjacent((v & low).AsInt16(), weight);
                s5 += Avx512BW.MultiplyAddAdjacent(((v >>> 4) & low).AsInt16(), weight);
                s6 += Avx512BW.MultiplyAddAdjacent(((v >>> 8) & low).AsInt16(), weight);
                s7 += Avx512BW.MultiplyAddAdjacent((v >>> 12).AsInt16(), weight);
            }

            var factor = Vector512.Create(Vector256.Create(factors[0]), Vector256.Create(factors[1]));
            Add(s0, factor, sums);
            Add(s1, factor, sums + 16);
            Add(s2, factor, sums + 32);
            Add(s3, factor, sums + 48);
            Add(s4, factor, sums + 64);
            Add(s5, factor, sums + 80);
            Add(s6, factor, sums + 96);
            Add(s7, factor, sums + 112);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<int> numbers, Vector512<float> factor, float* sums) =>
        Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(numbers), factor, Vector512.Load(sums)).Store(sums);
}
