using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// The same rows as <see cref="PackedSlab"/> with vectors of 512 bits, where a head is pairs of groups of 64: 16 words at a time, whose lowest bits
/// choose among 16 numbers.
/// </summary>
internal readonly unsafe struct WidePackedSlab : ISlabKind
{
    private const int Words = 16;
    private const int BlockElements = 128;
    private const float Largest = 65504;

    public static float WeightFactor => 1;

    public static bool IsPacked => true;

    public static long RowBytes(SlabLayout layout) => CacheRows.RowBytes(layout.KvHeads, layout.HeadDim);

    public static bool Fits(int headDim) => Avx512F.IsSupported && headDim % BlockElements == 0;

    public static int Lanes(int headDim) => PackedLanes.Count(headDim, Words);

    public static void Prepare(float* query, float scale, int headDim, float* lanes) => PackedLanes.Prepare(query, scale, headDim, lanes, Words);

    public static void Finish(float* lanes, int headDim, float* sum) => PackedLanes.Finish(lanes, headDim, sum, Words);

    public static void Restore(float* output, int headDim) => CacheRows.Rotate(output, 1, headDim);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* rows, long stride, int head, SlabLayout layout, int tokens) => PackedLanes.Prefetch(rows, stride, head, layout, tokens);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* scores, int tokens)
    {
        var blocks = layout.HeadDim / BlockElements;
        var words = rows + (head * blocks * Words * sizeof(int));
        var pairs = rows + PairsAt(head, layout);
        if (tokens == HostVectors.Together)
        {
            var first = Product(lanes, words, pairs, blocks);
            var second = Product(lanes, words + stride, pairs + stride, blocks);
            var third = Product(lanes, words + (2 * stride), pairs + (2 * stride), blocks);
            var fourth = Product(lanes, words + (3 * stride), pairs + (3 * stride), blocks);
            HostVectors.Sums(first, second, third, fourth).Store(scores);
            return;
        }

        for (var t = 0; t < tokens; t++)
        {
            scores[t] = Vector256.Sum(Product(lanes, words + (t * stride), pairs + (t * stride), blocks));
        }
    }

    /// <summary>The products of a query with one head of one row, in 8 parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Product(float* query, byte* words, byte* pairs, int blocks)
    {
        var numbers = Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        var sum = Vector512<float>.Zero;
        for (var b = 0; b < blocks; b++, query += PackedLanes.Vectors * Words, words += Words * sizeof(int))
        {
            var (scale, zero) = Pairs((double*)pairs + b);
            var v = Vector512.Load((int*)words);
            var a = Avx512F.PermuteVar16x32(numbers, v) * Vector512.Load(query);
            var c = Avx512F.FusedMultiplyAddNegated(zero, Vector512.Load(query + (8 * Words)), Vector512<float>.Zero);
            c = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 4), Vector512.Load(query + Words), c);
            a = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 8), Vector512.Load(query + (2 * Words)), a);
            c = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 12), Vector512.Load(query + (3 * Words)), c);
            a = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 16), Vector512.Load(query + (4 * Words)), a);
            c = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 20), Vector512.Load(query + (5 * Words)), c);
            a = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 24), Vector512.Load(query + (6 * Words)), a);
            c = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 28), Vector512.Load(query + (7 * Words)), c);
            sum = Vector512.FusedMultiplyAdd(scale, a + c, sum);
        }

        return sum.GetLower() + sum.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* lanes, byte* rows, long stride, int head, SlabLayout layout, float* weights, int tokens)
    {
        var (blocks, pairsAt) = (layout.HeadDim / BlockElements, PairsAt(head, layout));
        var numbers = Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        for (var b = 0; b < blocks; b++, lanes += PackedLanes.Vectors * Words)
        {
            var s0 = Vector512.Load(lanes);
            var s1 = Vector512.Load(lanes + Words);
            var s2 = Vector512.Load(lanes + (2 * Words));
            var s3 = Vector512.Load(lanes + (3 * Words));
            var s4 = Vector512.Load(lanes + (4 * Words));
            var s5 = Vector512.Load(lanes + (5 * Words));
            var s6 = Vector512.Load(lanes + (6 * Words));
            var s7 = Vector512.Load(lanes + (7 * Words));
            var zeros = Vector512.Load(lanes + (8 * Words));
            var row = rows;
            for (var t = 0; t < tokens; t++, row += stride)
            {
                var (scale, zero) = Pairs((double*)(row + pairsAt) + b);
                var weight = scale * weights[t];
                var v = Vector512.Load((int*)row + (((head * blocks) + b) * Words));
                s0 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v), weight, s0);
                s1 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 4), weight, s1);
                s2 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 8), weight, s2);
                s3 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 12), weight, s3);
                s4 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 16), weight, s4);
                s5 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 20), weight, s5);
                s6 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 24), weight, s6);
                s7 = Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 28), weight, s7);
                zeros = Vector512.FusedMultiplyAdd(zero, weight, zeros);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* rows, long stride, int head, SlabLayout layout, float* lanes, int tokens)
    {
        var (blocks, pairsAt) = (layout.HeadDim / BlockElements, PairsAt(head, layout));
        var numbers = Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        for (var t = 0; t < tokens; t++, rows += stride)
        {
            for (var b = 0; b < blocks; b++, lanes += PackedLanes.Vectors * Words)
            {
                var (scale, zero) = Pairs((double*)(rows + pairsAt) + b);
                var shift = -scale * zero;
                var v = Vector512.Load((int*)rows + (((head * blocks) + b) * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v), scale, shift).Store(lanes);
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 4), scale, shift).Store(lanes + Words);
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 8), scale, shift).Store(lanes + (2 * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 12), scale, shift).Store(lanes + (3 * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 16), scale, shift).Store(lanes + (4 * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 20), scale, shift).Store(lanes + (5 * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 24), scale, shift).Store(lanes + (6 * Words));
                Vector512.FusedMultiplyAdd(Avx512F.PermuteVar16x32(numbers, v >> 28), scale, shift).Store(lanes + (7 * Words));
            }
        }
    }

    private static int PairsAt(int head, SlabLayout layout) => (layout.KvHeads * layout.HeadDim / 2) + (head * layout.HeadDim / BlockElements * sizeof(double));

    /// <summary>Scales and zeros of two groups. A scale that has no number in float16 has none here either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Scale, Vector512<float> Zero) Pairs(double* pairs)
    {
        var both = Avx512F.PermuteVar16x32(Vector512.Create(*pairs).AsInt32(), Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var (scale, zero) = (HostVectors.Float16(both << 16), HostVectors.Float16(both));
        var isNone = Vector512.GreaterThan(Vector512.Abs(scale), Vector512.Create(Largest));
        return (Vector512.ConditionalSelect(isNone, Vector512.Create(float.NaN), scale), zero);
    }
}
