using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static FlexGen.Engine.Attention.HostVectors;

namespace FlexGen.Engine.Attention;

/// <summary>
/// Attention of one decoding token over a KV cache in host memory, with vector instructions. Every sequence is computed by itself,
/// without padding and always in the same order, so its result does not depend on what shares its batch.
/// </summary>
internal static unsafe class HostAttention
{
    private const long WorthAThread = 1 << 17;

    private const int CacheLine = 64;

    /// <summary>Bytes that lie together: about a page, within which the processor reads ahead by itself.</summary>
    private static readonly int BytesOfARead = int.Parse(Environment.GetEnvironmentVariable("FG_READ") ?? "2048");

    private const int ItemsOfACore = 4;

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
        var heads = HeadsOfAnItem(shape, spans.Length, sizeof(T));
        var perSequence = (shape.KvHeads + heads - 1) / heads;
        var items = spans.Length * perSequence;
        var (q, k, v, o) = ((IntPtr)query, (IntPtr)keys, (IntPtr)values, (IntPtr)output);
        void Item(int item)
        {
            var (sequence, head) = (item / perSequence, item % perSequence * heads);
            var span = spans[sequence];
            var rows = (((long)sequence * shape.KvHeads) + head) * shape.Group * shape.HeadDim;
            var slab = (span.First * shape.TokenStride) + ((((long)span.Slot * shape.KvHeads) + head) * shape.HeadDim);
            Heads(
                (float*)q + rows, (T*)k + slab, (T*)v + slab, (float*)o + rows, shape, Math.Min(heads, shape.KvHeads - head), span.End - span.First, scale);
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

    /// <summary>Key heads that are computed together, because they lie together: enough for long reads, few enough for every core to have some.</summary>
    private static int HeadsOfAnItem(Shape shape, int sequences, int elementBytes)
    {
        var heads = Math.Clamp(BytesOfARead / (shape.HeadDim * elementBytes), 1, shape.KvHeads);
        while (heads > 1 && sequences * shape.KvHeads / heads < ItemsOfACore * Environment.ProcessorCount)
        {
            heads /= 2;
        }

        return heads;
    }

    /// <summary>Some key heads of one sequence with the query heads that share them, some tokens at a time, in the order in which they lie.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Heads<T>(float* query, T* keys, T* values, float* output, Shape shape, int kvHeads, int length, float scale)
        where T : unmanaged
    {
        var (group, headDim, stride) = (shape.Group, shape.HeadDim, shape.TokenStride);
        var heads = kvHeads * group;
        var rented = System.Buffers.ArrayPool<float>.Shared.Rent(heads * (length + headDim));
        fixed (float* scores = rented)
        {
            var scaled = scores + (heads * length);
            for (var n = 0; n < heads * headDim; n++)
            {
                scaled[n] = query[n] * scale * Unscale<T>();
            }

            for (var t = 0; t < length; t += Together)
            {
                var key = keys + (t * stride);
                var together = Math.Min(Together, length - t);
                for (var h = 0; h < heads; h += group, key += headDim)
                {
                    Prefetch(key + (Together * stride), stride, headDim, length - t - Together);
                    for (var g = h; g < h + group; g++)
                    {
                        Dot(scaled + (g * headDim), key, stride, headDim, scores + (g * length) + t, together);
                    }
                }
            }

            for (var h = 0; h < heads; h++)
            {
                Softmax(new(scores + (h * length), length), Unscale<T>());
            }

            new System.Span<float>(output, heads * headDim).Clear();
            for (var t = 0; t < length; t += Together)
            {
                var value = values + (t * stride);
                var together = Math.Min(Together, length - t);
                for (var h = 0; h < heads; h += group, value += headDim)
                {
                    Prefetch(value + (Together * stride), stride, headDim, length - t - Together);
                    for (var g = h; g < h + group; g++)
                    {
                        AddScaled(output + (g * headDim), value, stride, headDim, scores + (g * length) + t, together);
                    }
                }
            }
        }

        System.Buffers.ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>A token's rows lie on other pages than the next one's, so the processor does not read ahead by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<T>(T* from, long stride, int elements, int tokens)
        where T : unmanaged
    {
        for (var t = 0; Sse.IsSupported && t < Math.Min(tokens, Together); t++)
        {
            for (var n = 0; n < elements; n += CacheLine / sizeof(T))
            {
                Sse.Prefetch0(from + (t * stride) + n);
            }
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
}
