using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The arithmetic of <see cref="HostAttention"/>: one chunk of a sequence by itself, and the chunks of a sequence together.</summary>
internal static unsafe class HostChunk
{
    private const int CacheLine = 64;

    /// <summary>
    /// One chunk of one sequence: some key heads with the query heads that share them, some tokens at a time, in the order in which they
    /// lie. Of each query head: the weighted sum of the values, the highest score, and the sum of the weights relative to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<T>(float* query, T* keys, T* values, float* partial, SlabLayout shape, int kvHeads, int length, float scale)
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
                new Span<float>(partial + (h * row), headDim).Clear();
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
    public static void Merge(float* partials, int chunks, float* output, int heads, int headDim)
    {
        for (var h = 0; h < heads; h++)
        {
            var (max, sum) = (float.NegativeInfinity, 0f);
            var to = new Span<float>(output + (h * headDim), headDim);
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
    private static (float Highest, float Sum) Weigh(Span<float> scores, float factor)
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
