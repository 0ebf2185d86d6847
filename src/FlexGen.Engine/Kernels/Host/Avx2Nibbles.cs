using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>With vectors of 256 bits, of one group each; where a group has other than 8 words, the last of its vectors is filled up with zeros.</summary>
internal readonly unsafe struct Avx2Nibbles : INibbleKernel
{
    private const int Words = 8;
    private const int Tile = PackedPairs.Tile;
    private const ushort Low = 15;

    private static readonly Vector256<int> places = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);

    public static int Width => Words;

    public static bool Fit(int headDim) => Avx2.IsSupported && Fma.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* words, long stride, int rows, int* query, int heads, PackedHead head, int* room, int* products)
    {
        var (pairs, low) = (head.QueryPairs, Vector256.Create(Low));
        for (var g = 0; g < head.Groups; g++)
        {
            for (var left = head.Words; left > 0; left -= Words, query += PackedHead.Shifts * Words, words += Math.Min(left + Words, Words) * sizeof(int))
            {
                var isFirst = left == head.Words;
                var row = words;
                for (var t = 0; t < rows; t++, row += stride)
                {
                    var v = Load(row, left).AsUInt16();
                    var (v0, v1) = ((v & low).AsInt16(), ((v >>> 4) & low).AsInt16());
                    var (v2, v3) = (((v >>> 8) & low).AsInt16(), (v >>> 12).AsInt16());
                    for (var h = 0; h < heads; h++)
                    {
                        var q = (short*)(query + (h * pairs));
                        var to = room + (((h * Tile) + t) * Words);
                        var a = Avx2.MultiplyAddAdjacent(v0, Vector256.Load(q)) + Avx2.MultiplyAddAdjacent(v1, Vector256.Load(q + 16));
                        var c = Avx2.MultiplyAddAdjacent(v2, Vector256.Load(q + 32)) + Avx2.MultiplyAddAdjacent(v3, Vector256.Load(q + 48));
                        (isFirst ? a + c : a + c + Vector256.Load(to)).Store(to);
                    }
                }
            }

            for (var h = 0; h < heads; h++)
            {
                var from = room + (h * Tile * Words);
                var to = products + (((h * head.Groups) + g) * Tile);
                Sum(from, to);
                Sum(from + (8 * Words), to + 8);
            }
        }
    }

    /// <summary>The sums of each of 8 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(int* vectors, int* sums)
    {
        var (a, b) = (FourSums(vectors), FourSums(vectors + (4 * Words)));
        (Avx2.Permute2x128(a, b, 0x20) + Avx2.Permute2x128(a, b, 0x31)).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> FourSums(int* vectors)
    {
        var (a, b) = (Vector256.Load(vectors), Vector256.Load(vectors + Words));
        var (c, d) = (Vector256.Load(vectors + (2 * Words)), Vector256.Load(vectors + (3 * Words)));
        var (two, others) = ((Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b)).AsInt64(), (Avx2.UnpackLow(c, d) + Avx2.UnpackHigh(c, d)).AsInt64());
        return Avx2.UnpackLow(two, others).AsInt32() + Avx2.UnpackHigh(two, others).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* words, long stride, int rows, short* weights, float* factors, PackedHead head, float* sums)
    {
        var low = Vector256.Create(Low);
        for (var g = 0; g < head.Groups; g++, weights += Tile)
        {
            for (var left = head.Words; left > 0; left -= Words, sums += PackedHead.SumVectors * Words, words += Math.Min(left + Words, Words) * sizeof(int))
            {
                Vector256<int> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                var row = words;
                for (var t = 0; t < rows; t += 2, row += 2 * stride)
                {
                    var (even, odd) = (Load(row, left).AsInt16(), Load(t + 1 < rows ? row + stride : row, left).AsInt16());
                    var weight = Vector256.Create(*(int*)(weights + t)).AsInt16();
                    var v = Avx2.UnpackLow(even, odd).AsUInt16();
                    s0 += Avx2.MultiplyAddAdjacent((v & low).AsInt16(), weight);
                    s1 += Avx2.MultiplyAddAdjacent(((v >>> 4) & low).AsInt16(), weight);
                    s2 += Avx2.MultiplyAddAdjacent(((v >>> 8) & low).AsInt16(), weight);
                    s3 += Avx2.MultiplyAddAdjacent((v >>> 12).AsInt16(), weight);
                    v = Avx2.UnpackHigh(even, odd).AsUInt16();
                    s4 += Avx2.MultiplyAddAdjacent((v & low).AsInt16(), weight);
                    s5 += Avx2.MultiplyAddAdjacent(((v >>> 4) & low).AsInt16(), weight);
                    s6 += Avx2.MultiplyAddAdjacent(((v >>> 8) & low).AsInt16(), weight);
                    s7 += Avx2.MultiplyAddAdjacent((v >>> 12).AsInt16(), weight);
                }

                var factor = Vector256.Create(factors[g]);
                Add(s0, factor, sums);
                Add(s1, factor, sums + 8);
                Add(s2, factor, sums + 16);
                Add(s3, factor, sums + 24);
                Add(s4, factor, sums + 32);
                Add(s5, factor, sums + 40);
                Add(s6, factor, sums + 48);
                Add(s7, factor, sums + 56);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<int> numbers, Vector256<float> factor, float* sums) =>
        Fma.MultiplyAdd(Vector256.ConvertToSingle(numbers), factor, Vector256.Load(sums)).Store(sums);

    /// <summary>8 words, or as many as there are and zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(byte* words, int count) =>
        count >= Words ? Vector256.Load((int*)words) : Avx2.MaskLoad((int*)words, Vector256.LessThan(places, Vector256.Create(count)));
}
