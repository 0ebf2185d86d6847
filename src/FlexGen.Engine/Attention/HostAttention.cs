using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Attention;

/// <summary>
/// Attention of one decoding token over a KV cache in host memory, with vector instructions. Every sequence is computed by itself,
/// without padding and always in the same order, so its result does not depend on what shares its batch.
/// </summary>
internal static unsafe class HostAttention
{
    private const long WorthAThread = 1 << 17;

    private const int CacheLine = 64;

    /// <summary>Tokens between the one that is read and the one that is asked for.</summary>
    private const int Ahead = 8;

    /// <summary>A slab's layout, [tokens, slots, kvHeads, headDim], and the query heads that share a key head.</summary>
    public readonly record struct Shape(int Slots, int KvHeads, int Group, int HeadDim)
    {
        public long TokenStride => (long)Slots * KvHeads * HeadDim;
    }

    /// <summary>One sequence: its slot and the first and one past the last position that it sees.</summary>
    public readonly record struct Span(int Slot, int First, int End);

    /// <summary>Softmax(q k^T scale) v for each sequence.</summary>
    /// <param name="query">[sequences, kvHeads * group, headDim].</param>
    /// <param name="keys">[tokens, slots, kvHeads, headDim].</param>
    /// <param name="values">The same shape.</param>
    /// <param name="output">[sequences, kvHeads * group, headDim].</param>
    /// <param name="shape">The slab's layout.</param>
    /// <param name="spans">One a sequence.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    public static void Decode<T>(float* query, T* keys, T* values, float* output, Shape shape, Span[] spans, float scale)
        where T : unmanaged
    {
        var work = spans.Sum(s => (long)(s.End - s.First)) * shape.KvHeads * shape.Group * shape.HeadDim;
        var items = spans.Length * shape.KvHeads;
        var (q, k, v, o) = ((IntPtr)query, (IntPtr)keys, (IntPtr)values, (IntPtr)output);
        void Item(int item)
        {
            var (sequence, head) = (item / shape.KvHeads, item % shape.KvHeads);
            var span = spans[sequence];
            var rows = (((long)sequence * shape.KvHeads) + head) * shape.Group * shape.HeadDim;
            var slab = (span.First * shape.TokenStride) + ((((long)span.Slot * shape.KvHeads) + head) * shape.HeadDim);
            Head((float*)q + rows, (T*)k + slab, (T*)v + slab, (float*)o + rows, shape, span.End - span.First, scale);
        }

        if (work < WorthAThread)
        {
            for (var item = 0; item < items; item++)
            {
                Item(item);
            }
        }
        else
        {
            Parallel.For(0, items, Item);
        }
    }

    /// <summary>One key head of one sequence with the query heads that share it, token by token, so that memory is read once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Head<T>(float* query, T* keys, T* values, float* output, Shape shape, int length, float scale)
        where T : unmanaged
    {
        var (group, headDim, stride) = (shape.Group, shape.HeadDim, shape.TokenStride);
        var rented = System.Buffers.ArrayPool<float>.Shared.Rent(group * (length + headDim));
        fixed (float* scores = rented)
        {
            var scaled = scores + (group * length);
            for (var n = 0; n < group * headDim; n++)
            {
                scaled[n] = query[n] * Unscale<T>();
            }

            for (var t = 0; t < length; t++)
            {
                var key = keys + (t * stride);
                Prefetch(key + (Ahead * stride), t + Ahead < length ? headDim : 0);
                for (var g = 0; g < group; g++)
                {
                    scores[(g * length) + t] = Dot(scaled + (g * headDim), key, headDim) * scale;
                }
            }

            for (var g = 0; g < group; g++)
            {
                Softmax(new(scores + (g * length), length), Unscale<T>());
            }

            new System.Span<float>(output, group * headDim).Clear();
            for (var t = 0; t < length; t++)
            {
                var value = values + (t * stride);
                Prefetch(value + (Ahead * stride), t + Ahead < length ? headDim : 0);
                for (var g = 0; g < group; g++)
                {
                    AddScaled(output + (g * headDim), value, scores[(g * length) + t], headDim);
                }
            }
        }

        System.Buffers.ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>A token's rows lie on other pages than the next one's, so the processor does not read ahead by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<T>(T* from, int elements)
        where T : unmanaged
    {
        for (var n = 0; Sse.IsSupported && n < elements; n += CacheLine / sizeof(T))
        {
            Sse.Prefetch0(from + n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(System.Span<float> scores, float scale)
    {
        var max = float.NegativeInfinity;
        foreach (var score in scores)
        {
            max = MathF.Max(max, score);
        }

        var (lanes, sum) = (Vector256<float>.Zero, 0f);
        var t = 0;
        for (; t + Vector256<float>.Count <= scores.Length; t += Vector256<float>.Count)
        {
            var weights = Vector256.Exp(Vector256.Create<float>(scores[t..]) - Vector256.Create(max));
            weights.CopyTo(scores[t..]);
            lanes += weights;
        }

        for (; t < scores.Length; t++)
        {
            scores[t] = MathF.Exp(scores[t] - max);
            sum += scores[t];
        }

        var factor = scale / (sum + Vector256.Sum(lanes));
        for (t = 0; t < scores.Length; t++)
        {
            scores[t] *= factor;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot<T>(float* a, T* b, int length)
        where T : unmanaged
    {
        var d = 0;
        var wide = Vector512<float>.Zero;
        for (; Vector512.IsHardwareAccelerated && d + Vector512<float>.Count <= length; d += Vector512<float>.Count)
        {
            wide = Vector512.FusedMultiplyAdd(Vector512.Load(a + d), LoadWide(b + d), wide);
        }

        var (even, odd) = (wide.GetLower(), wide.GetUpper());
        for (; d + (2 * Vector256<float>.Count) <= length; d += 2 * Vector256<float>.Count)
        {
            even = Vector256.FusedMultiplyAdd(Vector256.Load(a + d), Load(b + d), even);
            odd = Vector256.FusedMultiplyAdd(Vector256.Load(a + d + Vector256<float>.Count), Load(b + d + Vector256<float>.Count), odd);
        }

        var rest = Vector256.Sum(even + odd);
        for (; d < length; d++)
        {
            rest += a[d] * One(b + d);
        }

        return rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled<T>(float* to, T* from, float factor, int length)
        where T : unmanaged
    {
        var factors = Vector256.Create(factor);
        var d = 0;
        for (; Vector512.IsHardwareAccelerated && d + Vector512<float>.Count <= length; d += Vector512<float>.Count)
        {
            Vector512.FusedMultiplyAdd(LoadWide(from + d), Vector512.Create(factor), Vector512.Load(to + d)).Store(to + d);
        }

        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            Vector256.FusedMultiplyAdd(Load(from + d), factors, Vector256.Load(to + d)).Store(to + d);
        }

        for (; d < length; d++)
        {
            to[d] += One(from + d) * factor;
        }
    }

    /// <summary>
    /// What products with <see cref="Load"/> must be multiplied by: a float16's exponent, put into float32's place, is too small by
    /// 112. Whoever multiplies puts it into the other factor, once.
    /// </summary>
    private static float Unscale<T>()
        where T : unmanaged => typeof(T) == typeof(Half) ? 5.192296858534828e33f : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T>(T* from)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? *(float*)from
        : typeof(T) == typeof(Half) ? BitConverter.Int32BitsToSingle((*(short*)from << 13) & unchecked((int)0x8FFFE000))
        : BitConverter.UInt32BitsToSingle((uint)*(ushort*)from << 16);

    /// <summary>Eight elements as float32, to be scaled by <see cref="Unscale"/>; T is float, Half, or ushort for bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load<T>(T* from)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector256.Load((float*)from);
        }

        if (typeof(T) == typeof(ushort))
        {
            return (Vector256.WidenLower(Vector128.Load((ushort*)from).ToVector256Unsafe()) << 16).AsSingle();
        }

        var bits = Vector256.WidenLower(Vector128.Load((short*)from).ToVector256Unsafe());
        return ((bits << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle();
    }

    /// <summary>Sixteen elements, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadWide<T>(T* from)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector512.Load((float*)from);
        }

        if (typeof(T) == typeof(ushort))
        {
            return (Vector512.WidenLower(Vector256.Load((ushort*)from).ToVector512Unsafe()) << 16).AsSingle();
        }

        var bits = Vector512.WidenLower(Vector256.Load((short*)from).ToVector512Unsafe());
        return ((bits << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle();
    }
}
