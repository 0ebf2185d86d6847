using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FlexGen.Engine.State;
using FlexGen.Interop;
using TorchSharp;
using static FlexGen.Engine.Attention.HostVectors;

namespace FlexGen.Engine.Attention;

/// <summary>
/// Attention of one decoding token over a KV cache in host memory, with vector instructions, at the speed of that memory. Every
/// sequence is computed by itself, without padding, in chunks that begin at fixed positions and are put together in their order, so
/// its result does not depend on what shares its batch or on how many cores there are.
/// </summary>
internal static unsafe class HostAttention
{
    private const long WorthAThread = 1 << 17;
    private const int CacheLine = 64;
    private const int ItemsOfACore = 4;

    /// <summary>Tokens of one item of work.</summary>
    private const int Chunk = 128;

    /// <summary>
    /// Not the runtime's threads, which come one after another and late when there is suddenly work for all of them. With many cores some
    /// are left to those that issue and copy. To wake a thread takes as long as a small job does; without a GPU libtorch's own need the cores.
    /// </summary>
    internal static ThreadTeam Threads { get; } = new(
        "compute", Environment.ProcessorCount - (Environment.ProcessorCount / 8), torch.cuda.is_available() ? TimeSpan.FromMicroseconds(200) : TimeSpan.Zero);

    /// <summary>A slab's layout, [tokens, slots, kvHeads, headDim], and the query heads that share a key head.</summary>
    public readonly record struct Shape(int Slots, int KvHeads, int Group, int HeadDim)
    {
        public long TokenStride => (long)Slots * KvHeads * HeadDim;
    }

    /// <summary>One sequence: its slot and the first and one past the last position that it sees.</summary>
    public readonly record struct Span(int Slot, int First, int End)
    {
        public int Chunks => ((End - 1) / Chunk) - (First / Chunk) + 1;
    }

    /// <summary>Softmax(q k^T scale) v for each decoding sequence, over a cache of one of the types that it can have.</summary>
    /// <inheritdoc cref="Decode{T}"/>
    /// <param name="query"></param>
    /// <param name="keys"></param>
    /// <param name="values"></param>
    /// <param name="output"></param>
    /// <param name="type">The type of keys and values.</param>
    /// <param name="shape"></param>
    /// <param name="decodes">Slot and tokens of each sequence.</param>
    /// <param name="window">How many tokens one sees; null: all before it.</param>
    /// <param name="scale"></param>
    public static void Decode(
        IntPtr query, IntPtr keys, IntPtr values, IntPtr output, torch.ScalarType type, Shape shape, IReadOnlyList<RowLayout.Decode> decodes, int? window, float scale)
    {
        var spans = decodes.Select(d => new Span(d.Slot, d.First(window), d.Length)).ToArray();
        switch (type)
        {
            case torch.ScalarType.Float32:
                Decode((float*)query, (float*)keys, (float*)values, (float*)output, shape, spans, scale);
                break;
            case torch.ScalarType.Float16:
                Decode((float*)query, (Half*)keys, (Half*)values, (float*)output, shape, spans, scale);
                break;
            default:
                Decode((float*)query, (ushort*)keys, (ushort*)values, (float*)output, shape, spans, scale);
                break;
        }
    }

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
        var chunks = spans.SelectMany((s, n) => Enumerable.Range(s.First / Chunk, s.Chunks)
            .Select(c => (Sequence: n, First: Math.Max(s.First, c * Chunk), End: Math.Min(s.End, (c + 1) * Chunk)))).ToArray();
        var heads = HeadsOfAnItem(shape, chunks.Length);
        var perChunk = (shape.KvHeads + heads - 1) / heads;
        var (firsts, left) = (new int[spans.Length], Array.ConvertAll(spans, span => span.Chunks * perChunk));
        for (var n = 1; n < spans.Length; n++)
        {
            firsts[n] = firsts[n - 1] + spans[n - 1].Chunks;
        }

        var (headRow, row) = (shape.HeadDim + 2, (long)shape.KvHeads * shape.Group * (shape.HeadDim + 2));
        var rented = System.Buffers.ArrayPool<float>.Shared.Rent((int)(chunks.Length * row));
        fixed (float* partials = rented)
        {
            var (q, k, v, o, p) = ((IntPtr)query, (IntPtr)keys, (IntPtr)values, (IntPtr)output, (IntPtr)partials);
            var outputRow = (long)shape.KvHeads * shape.Group * shape.HeadDim;
            Run(work, chunks.Length * perChunk, item =>
            {
                var (chunk, head) = (item / perChunk, item % perChunk * heads);
                var (sequence, first, end) = chunks[chunk];
                var queryRow = (((long)sequence * shape.KvHeads) + head) * shape.Group * shape.HeadDim;
                var slab = (first * shape.TokenStride) + ((((long)spans[sequence].Slot * shape.KvHeads) + head) * shape.HeadDim);
                var partial = (float*)p + (chunk * row) + (head * shape.Group * headRow);
                Part((float*)q + queryRow, (T*)k + slab, (T*)v + slab, partial, shape, Math.Min(heads, shape.KvHeads - head), end - first, scale);
                if (Interlocked.Decrement(ref left[sequence]) == 0)
                {
                    Merge((float*)p + (firsts[sequence] * row), spans[sequence].Chunks, (float*)o + (sequence * outputRow), shape);
                }
            });
        }

        System.Buffers.ArrayPool<float>.Shared.Return(rented);
    }

    private static void Run(long work, int items, Action<int> action)
    {
        if (work >= WorthAThread)
        {
            Threads.Run(items, action);
            return;
        }

        for (var item = 0; item < items; item++)
        {
            action(item);
        }
    }

    /// <summary>Key heads that are computed together: all, which lie together in memory, unless some cores would have nothing to do.</summary>
    private static int HeadsOfAnItem(Shape shape, int chunks)
    {
        var heads = shape.KvHeads;
        while (heads > 1 && chunks * (shape.KvHeads / heads) < ItemsOfACore * Environment.ProcessorCount)
        {
            heads = (heads + 1) / 2;
        }

        return heads;
    }

    /// <summary>
    /// One chunk of one sequence: some key heads with the query heads that share them, some tokens at a time, in the order in which they
    /// lie. Of each query head: the weighted sum of the values, the highest score, and the sum of the weights relative to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part<T>(float* query, T* keys, T* values, float* partial, Shape shape, int kvHeads, int length, float scale)
        where T : unmanaged
    {
        var (group, headDim, stride) = (shape.Group, shape.HeadDim, shape.TokenStride);
        var (heads, row) = (kvHeads * group, headDim + 2);
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
                (partial[(h * row) + headDim], partial[(h * row) + headDim + 1]) = Weigh(new(scores + (h * length), length), Unscale<T>());
                new System.Span<float>(partial + (h * row), headDim).Clear();
            }

            for (var t = 0; t < length; t += Together)
            {
                var value = values + (t * stride);
                var together = Math.Min(Together, length - t);
                for (var h = 0; h < heads; h += group, value += headDim)
                {
                    Prefetch(value + (Together * stride), stride, headDim, length - t - Together);
                    for (var g = h; g < h + group; g++)
                    {
                        AddScaled(partial + (g * row), value, stride, headDim, scores + (g * length) + t, together);
                    }
                }
            }
        }

        System.Buffers.ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>Puts the chunks of one sequence together.</summary>
    private static void Merge(float* partials, int chunks, float* output, Shape shape)
    {
        var (heads, headDim) = (shape.KvHeads * shape.Group, shape.HeadDim);
        for (var h = 0; h < heads; h++)
        {
            var (max, sum) = (float.NegativeInfinity, 0f);
            var to = new System.Span<float>(output + (h * headDim), headDim);
            for (var c = 0; c < chunks; c++)
            {
                max = MathF.Max(max, Head(c)[headDim]);
            }

            to.Clear();
            for (var c = 0; c < chunks; c++)
            {
                var fade = MathF.Exp(Head(c)[headDim] - max);
                sum += Head(c)[headDim + 1] * fade;
                AddScaled(output + (h * headDim), Head(c), fade, headDim);
            }

            for (var d = 0; d < headDim; d++)
            {
                to[d] /= sum;
            }

            float* Head(int c) => partials + ((((long)c * heads) + h) * (headDim + 2));
        }
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

    /// <summary>Turns scores into weights relative to the highest, times a factor.</summary>
    /// <returns>The highest score, and the sum of the weights without the factor.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Highest, float Sum) Weigh(System.Span<float> scores, float factor)
    {
        var max = float.NegativeInfinity;
        foreach (var score in scores)
        {
            max = MathF.Max(max, score);
        }

        var (lanes, sum, t) = (Vector256<float>.Zero, 0f, 0);
        for (; t + Vector256<float>.Count <= scores.Length; t += Vector256<float>.Count)
        {
            var weights = Vector256.Exp(Vector256.Create<float>(scores[t..]) - Vector256.Create(max));
            (weights * factor).CopyTo(scores[t..]);
            lanes += weights;
        }

        for (; t < scores.Length; t++)
        {
            var weight = MathF.Exp(scores[t] - max);
            sum += weight;
            scores[t] = weight * factor;
        }

        return (max, sum + Vector256.Sum(lanes));
    }
}
