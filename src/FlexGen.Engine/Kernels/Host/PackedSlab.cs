using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Rows of 4-bit groups (<see cref="CacheRows"/>), 8 words at a time: a shift by 4 s bits brings one element of each into place, so a query lies as
/// vectors of such elements, one for each shift, and a ninth of what the zeros are multiplied with (<see cref="PackedLanes"/>).
/// </summary>
internal readonly unsafe struct PackedSlab : ISlabKind
{
    private const int Words = 8;
    private const float Largest = 65504;

    public static float WeightFactor => 1;

    public static bool IsPacked => true;

    public static long RowBytes(SlabLayout layout) => CacheRows.RowBytes(layout.KvHeads, layout.HeadDim);

    public static int Lanes(int headDim) => PackedLanes.Count(headDim, Words);

    public static void Prepare(float* query, float scale, int headDim, float* lanes) => PackedLanes.Prepare(query, scale, headDim, lanes, Words);

    public static void Finish(float* lanes, int headDim, float* sum) => PackedLanes.Finish(lanes, headDim, sum, Words);

    public static void Restore(float* output, int headDim) => CacheRows.Rotate(output, 1, headDim);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* rows, long stride, int head, SlabLayout layout, int tokens) => PackedLanes.Prefetch(rows, stride, head, layout, tokens);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* scores, int tokens)
    {
        var (groups, words) = (CacheRows.Groups(layout.HeadDim), CacheRows.Group(layout.HeadDim) / Words);
        var (pairsAt, wordsAt) = (PackedLanes.PairsAt(head, layout), head * groups * words * sizeof(uint));
        for (var t = 0; t < tokens; t++, rows += stride)
        {
            scores[t] = Vector256.Sum(Product(lanes, (uint*)(rows + wordsAt), (int*)(rows + pairsAt), groups, words));
        }
    }

    /// <summary>The products of a query with one head of one row, in 8 parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Product(float* query, uint* word, int* pairs, int groups, int words)
    {
        var (blocks, sum) = ((words + Words - 1) / Words, Vector256<float>.Zero);
        for (var g = 0; g < groups; g++, word += words)
        {
            var (scale, zero) = Pair(pairs + g);
            for (var b = 0; b < blocks; b++, query += PackedLanes.Vectors * Words)
            {
                var v = Load(word + (b * Words), words - (b * Words));
                var a = Vector256.FusedMultiplyAdd(Numbers(v), Vector256.Load(query), -zero * Vector256.Load(query + (8 * Words)));
                var c = Numbers(v >>> 4) * Vector256.Load(query + Words);
                a = Vector256.FusedMultiplyAdd(Numbers(v >>> 8), Vector256.Load(query + (2 * Words)), a);
                c = Vector256.FusedMultiplyAdd(Numbers(v >>> 12), Vector256.Load(query + (3 * Words)), c);
                a = Vector256.FusedMultiplyAdd(Numbers(v >>> 16), Vector256.Load(query + (4 * Words)), a);
                c = Vector256.FusedMultiplyAdd(Numbers(v >>> 20), Vector256.Load(query + (5 * Words)), c);
                a = Vector256.FusedMultiplyAdd(Numbers(v >>> 24), Vector256.Load(query + (6 * Words)), a);
                c = Vector256.FusedMultiplyAdd(Numbers(v >>> 28), Vector256.Load(query + (7 * Words)), c);
                sum = Vector256.FusedMultiplyAdd(scale, a + c, sum);
            }
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* weights, int tokens)
    {
        var (groups, words) = (CacheRows.Groups(layout.HeadDim), CacheRows.Group(layout.HeadDim) / Words);
        var (blocks, pairsAt, wordsAt) = ((words + Words - 1) / Words, PackedLanes.PairsAt(head, layout), head * groups * words);
        for (var g = 0; g < groups; g++)
        {
            for (var b = 0; b < blocks; b++, lanes += PackedLanes.Vectors * Words)
            {
                var (s0, s1) = (Vector256.Load(lanes), Vector256.Load(lanes + Words));
                var (s2, s3) = (Vector256.Load(lanes + (2 * Words)), Vector256.Load(lanes + (3 * Words)));
                var (s4, s5) = (Vector256.Load(lanes + (4 * Words)), Vector256.Load(lanes + (5 * Words)));
                var (s6, s7) = (Vector256.Load(lanes + (6 * Words)), Vector256.Load(lanes + (7 * Words)));
                var zeros = Vector256.Load(lanes + (8 * Words));
                var row = rows;
                for (var t = 0; t < tokens; t++, row += stride)
                {
                    var (scale, zero) = Pair((int*)(row + pairsAt) + g);
                    var weight = scale * weights[t];
                    var v = Load((uint*)row + wordsAt + (g * words) + (b * Words), words - (b * Words));
                    s0 = Vector256.FusedMultiplyAdd(Numbers(v), weight, s0);
                    s1 = Vector256.FusedMultiplyAdd(Numbers(v >>> 4), weight, s1);
                    s2 = Vector256.FusedMultiplyAdd(Numbers(v >>> 8), weight, s2);
                    s3 = Vector256.FusedMultiplyAdd(Numbers(v >>> 12), weight, s3);
                    s4 = Vector256.FusedMultiplyAdd(Numbers(v >>> 16), weight, s4);
                    s5 = Vector256.FusedMultiplyAdd(Numbers(v >>> 20), weight, s5);
                    s6 = Vector256.FusedMultiplyAdd(Numbers(v >>> 24), weight, s6);
                    s7 = Vector256.FusedMultiplyAdd(Numbers(v >>> 28), weight, s7);
                    zeros = Vector256.FusedMultiplyAdd(zero, weight, zeros);
                }

                s0.Store(lanes);
                s1.Store(lanes + Words);
                s2.Store(lanes + (2 * Words));
                s3.Store(lanes + (3 * Words));
                s4.Store(lanes + (4 * Words));
                s5.Store(lanes + (5 * Words));
                s6.Store(lanes + (6 * Words));
                s7.Store(lanes + (7 * Words));
                zeros.Store(lanes + (8 * Words));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* rows, long stride, int head, SlabLayout layout, float* lanes, int tokens)
    {
        var (groups, words) = (CacheRows.Groups(layout.HeadDim), CacheRows.Group(layout.HeadDim) / Words);
        var (blocks, pairsAt, wordsAt) = ((words + Words - 1) / Words, PackedLanes.PairsAt(head, layout), head * groups * words);
        for (var t = 0; t < tokens; t++, rows += stride)
        {
            for (var g = 0; g < groups; g++)
            {
                var (scale, zero) = Pair((int*)(rows + pairsAt) + g);
                var shift = -scale * zero;
                for (var b = 0; b < blocks; b++, lanes += PackedLanes.Vectors * Words)
                {
                    var v = Load((uint*)rows + wordsAt + (g * words) + (b * Words), words - (b * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v), scale, shift).Store(lanes);
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 4), scale, shift).Store(lanes + Words);
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 8), scale, shift).Store(lanes + (2 * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 12), scale, shift).Store(lanes + (3 * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 16), scale, shift).Store(lanes + (4 * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 20), scale, shift).Store(lanes + (5 * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 24), scale, shift).Store(lanes + (6 * Words));
                    Vector256.FusedMultiplyAdd(Numbers(v >>> 28), scale, shift).Store(lanes + (7 * Words));
                }
            }
        }
    }

    /// <summary>The lowest four bits of each word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Numbers(Vector256<uint> words) => Vector256.ConvertToSingle((words & Vector256.Create(15u)).AsInt32());

    /// <summary>A group's scale and zero. What has no number in float16 is none here either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Scale, Vector256<float> Zero) Pair(int* pair)
    {
        var halves = Vector128.Create(*pair << 16, *pair, 0, 0) >> 3;
        var floats = (halves & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle() * HostVectors.Unscale<Half>();
        floats = Vector128.ConditionalSelect(Vector128.GreaterThan(Vector128.Abs(floats), Vector128.Create(Largest)), Vector128.Create(float.NaN), floats);
        return (Vector256.Create(floats[0]), Vector256.Create(floats[1]));
    }

    /// <summary>8 words, or as many as there are and zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Load(uint* from, int count) =>
        count >= Words ? Vector256.Load(from)
        : count == Words / 2 ? Vector256.Create(Vector128.Load(from), Vector128<uint>.Zero)
        : Few(from, count);

    private static Vector256<uint> Few(uint* from, int count)
    {
        var words = Vector256<uint>.Zero;
        for (var n = 0; n < count; n++)
        {
            words = words.WithElement(n, from[n]);
        }

        return words;
    }
}
