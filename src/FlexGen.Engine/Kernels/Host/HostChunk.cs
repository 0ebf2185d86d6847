using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>What chunks of every kind of slab have in common: their weights, and how a sequence's are put together.</summary>
internal static unsafe class HostChunk
{
    /// <summary>Scores at once.</summary>
    public const int Lanes = 16;

    private const int Bias = 127;
    private const int FractionBits = 23;

    /// <summary>Tokens, filled up to whole vectors of scores.</summary>
    public static int Rows(int length) => (length + Lanes - 1) & -Lanes;

    /// <summary>
    /// Floats of a chunk's partial result of one query head: the sum's lanes, and a cache line with the highest score and the sum of the weights.
    /// </summary>
    public static int Row(int lanes) => lanes + Lanes;

    /// <summary>Puts the chunks of one sequence together.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge<TKind>(float* partials, int chunks, float* output, int heads, int headDim)
        where TKind : struct, ISlabKind
    {
        var lanes = TKind.Lanes(headDim);
        var sums = stackalloc float[lanes];
        for (var h = 0; h < heads; h++, output += headDim)
        {
            var (max, sum) = (float.NegativeInfinity, 0f);
            for (var c = 0; c < chunks; c++)
            {
                max = MathF.Max(max, Head(c)[lanes]);
            }

            new Span<float>(sums, lanes).Clear();
            for (var c = 0; c < chunks; c++)
            {
                var fade = MathF.Exp(Head(c)[lanes] - max);
                sum += Head(c)[lanes + 1] * fade;
                AddScaled(sums, Head(c), fade, lanes);
            }

            var at = 0;
            for (; at + Vector256<float>.Count <= lanes; at += Vector256<float>.Count)
            {
                (Vector256.Load(sums + at) / sum).Store(sums + at);
            }

            for (; at < lanes; at++)
            {
                sums[at] /= sum;
            }

            TKind.Finish(sums, headDim, output);

            float* Head(int c) => partials + ((((long)c * heads) + h) * Row(lanes));
        }
    }

    /// <summary>Turns scores, in whole vectors of <see cref="Lanes"/>, into weights relative to the highest, times a factor.</summary>
    /// <returns>The highest score, and the sum of the weights without the factor.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Highest, float Sum) Weigh(float* scores, int length, float factor)
    {
        var (highest, sum) = (Vector512.Load(scores), Vector512<float>.Zero);
        for (var t = Lanes; t < length; t += Lanes)
        {
            highest = Vector512.Max(highest, Vector512.Load(scores + t));
        }

        var eight = Vector256.Max(highest.GetLower(), highest.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var max = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
        for (var t = 0; t < length; t += Lanes)
        {
            var weights = Exp(Vector512.Load(scores + t) - Vector512.Create(max));
            (weights * factor).Store(scores + t);
            sum += weights;
        }

        return (max, Vector512.Sum(sum));
    }

    /// <summary>e to the power of what is not above 0, to two units in the last place; below -87 it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp(Vector512<float> x)
    {
        var powers = Vector512.Round(x * 1.44269504f);
        var rest = Vector512.FusedMultiplyAdd(powers, Vector512.Create(-0.693359375f), x);
        rest = Vector512.FusedMultiplyAdd(powers, Vector512.Create(2.12194440e-4f), rest);
        var series = Vector512.FusedMultiplyAdd(rest, Vector512.Create(1 / 5040f), Vector512.Create(1 / 720f));
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512.Create(1 / 120f));
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512.Create(1 / 24f));
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512.Create(1 / 6f));
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512.Create(0.5f));
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512<float>.One);
        series = Vector512.FusedMultiplyAdd(rest, series, Vector512<float>.One);
        var factor = ((Vector512.ConvertToInt32Native(powers) + Vector512.Create(Bias)) << FractionBits).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-87f)), Vector512<float>.Zero, series * factor);
    }
}
