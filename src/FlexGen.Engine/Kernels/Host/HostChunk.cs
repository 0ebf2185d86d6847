using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The arithmetic of <see cref="HostAttention"/>: one chunk of a sequence by itself, and the chunks of a sequence together.</summary>
internal static unsafe class HostChunk
{
    /// <summary>
    /// One chunk of one sequence: some key heads with the query heads that share them, some tokens at a time, in the order in which they
    /// lie. Of each query head: the weighted sum of the values, the highest score, and the sum of the weights relative to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TKind>(
        float* query, byte* keys, byte* values, float* partial, SlabLayout shape, int firstHead, int kvHeads, int length, float scale)
        where TKind : struct, ISlabKind
    {
        var (group, headDim, lanes, stride) = (shape.Group, shape.HeadDim, TKind.Lanes(shape.HeadDim), shape.Slots * TKind.RowBytes(shape));
        var (heads, row) = (kvHeads * group, headDim + 2);
        var isShared = TKind.IsPacked && group > 1;
        var rented = System.Buffers.ArrayPool<float>.Shared.Rent((heads * (length + lanes)) + (isShared ? Together * lanes : 0));
        fixed (float* scores = rented)
        {
            var prepared = scores + (heads * length);
            var unpacked = prepared + (heads * lanes);
            new Span<float>(unpacked, isShared ? Together * lanes : 0).Clear();
            for (var h = 0; h < heads; h++)
            {
                TKind.Prepare(query + (h * headDim), scale, headDim, prepared + (h * lanes));
            }

            for (var t = 0; t < length; t += Together)
            {
                var together = Math.Min(Together, length - t);
                var key = keys + (t * stride);
                for (var h = 0; h < kvHeads; h++)
                {
                    TKind.Prefetch(key + (Together * stride), stride, firstHead + h, shape, Math.Min(Together, length - t - Together));
                    if (isShared)
                    {
                        TKind.Unpack(key, stride, firstHead + h, shape, unpacked, together);
                    }

                    for (var g = h * group; g < (h + 1) * group; g++)
                    {
                        if (isShared)
                        {
                            Dot(prepared + (g * lanes), unpacked, lanes, lanes, scores + (g * length) + t, together);
                        }
                        else
                        {
                            TKind.Dot(prepared + (g * lanes), key, stride, firstHead + h, shape, scores + (g * length) + t, together);
                        }
                    }
                }
            }

            for (var h = 0; h < heads; h++)
            {
                (partial[(h * row) + headDim], partial[(h * row) + headDim + 1]) = Weigh(new(scores + (h * length), length), TKind.WeightFactor);
            }

            var sums = prepared;
            new Span<float>(sums, heads * lanes).Clear();
            for (var t = 0; t < length; t += Together)
            {
                var together = Math.Min(Together, length - t);
                var value = values + (t * stride);
                for (var h = 0; h < kvHeads; h++)
                {
                    TKind.Prefetch(value + (Together * stride), stride, firstHead + h, shape, Math.Min(Together, length - t - Together));
                    if (isShared)
                    {
                        TKind.Unpack(value, stride, firstHead + h, shape, unpacked, together);
                    }

                    for (var g = h * group; g < (h + 1) * group; g++)
                    {
                        if (isShared)
                        {
                            AddScaled(sums + (g * lanes), unpacked, lanes, lanes, scores + (g * length) + t, together);
                        }
                        else
                        {
                            TKind.AddScaled(sums + (g * lanes), value, stride, firstHead + h, shape, scores + (g * length) + t, together);
                        }
                    }
                }
            }

            for (var h = 0; h < heads; h++)
            {
                TKind.Finish(sums + (h * lanes), headDim, partial + (h * row));
            }
        }

        System.Buffers.ArrayPool<float>.Shared.Return(rented);
    }

    /// <summary>Puts the chunks of one sequence together.</summary>
    public static void Merge<TKind>(float* partials, int chunks, float* output, int heads, int headDim)
        where TKind : struct, ISlabKind
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

            TKind.Restore(output + (h * headDim), headDim);

            float* Head(int c) => partials + ((((long)c * heads) + h) * (headDim + 2));
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
