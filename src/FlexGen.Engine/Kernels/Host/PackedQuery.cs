using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>What attention over 4-bit rows does once for a head of a query: rounds it to 16 bits, and puts its sum into the elements' order.</summary>
internal static unsafe class PackedQuery
{
    /// <summary>The largest number that is rounded to.</summary>
    public const int Highest = short.MaxValue;

    /// <summary>What is less is nothing: it has no inverse.</summary>
    private const float Smallest = 7.8886090522101181e-31f;
    private const int Infinity = 0x7F800000;

    /// <summary>
    /// Rotates a query, as the keys are, which changes none of their products, and rounds each group of it to 16 bits: to the nearest of max|q| / 32767.
    /// </summary>
    /// <param name="query">[headDim].</param>
    /// <param name="scale">What it is multiplied by first.</param>
    /// <param name="headDim">Elements of it.</param>
    /// <param name="head">How it meets vectors.</param>
    /// <param name="pairs">[head.QueryPairs], all of it written.</param>
    /// <param name="factors">[groups] pairs: what the rounded numbers are to be multiplied by, and their sum.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* query, float scale, int headDim, PackedHead head, int* pairs, float* factors)
    {
        var group = head.Words * PackedShape.WordElements;
        var padded = head.Groups * group;
        var elements = stackalloc float[padded];
        var rounded = stackalloc short[padded];
        new Span<float>(elements + headDim, padded - headDim).Clear();
        Multiply(query, scale, elements, headDim);
        CacheRows.Rotate(elements, 1, headDim);
        for (var g = 0; g < head.Groups; g++)
        {
            var from = elements + (g * group);
            var most = Vector256<int>.Zero;
            for (var n = 0; n < group; n += Vector256<float>.Count)
            {
                most = Vector256.Max(most, Vector256.Load((int*)from + n) & Vector256.Create(int.MaxValue));
            }

            (var factor, var inverse) = Factor(Most(most));
            var sum = Vector256<int>.Zero;
            for (var n = 0; n < group; n += Vector256<float>.Count)
            {
                var numbers = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(from + n) * inverse));
                sum += numbers;
                Vector128.Narrow(numbers.GetLower(), numbers.GetUpper()).Store(rounded + (g * group) + n);
            }

            (factors[2 * g], factors[(2 * g) + 1]) = (factor, Vector256.Sum(sum));
        }

        Order((int*)rounded, head, pairs);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(float* from, float factor, float* to, int count)
    {
        var n = 0;
        for (; n + Vector256<float>.Count <= count; n += Vector256<float>.Count)
        {
            (Vector256.Load(from + n) * factor).Store(to + n);
        }

        for (; n < count; n++)
        {
            to[n] = from[n] * factor;
        }
    }

    /// <summary>Puts a head's pairs, [words, shifts], into the order in which they meet words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Order(int* from, PackedHead head, int* to)
    {
        var width = head.Width;
        for (var run = 0; run < head.Runs; run++)
        {
            for (var left = head.RunWords; left > 0; left -= width, to += PackedHead.Shifts * width)
            {
                if (left < width)
                {
                    new Span<int>(to, PackedHead.Shifts * width).Clear();
                }

                for (var lane = 0; lane < Math.Min(left, width); lane++, from += PackedHead.Shifts)
                {
                    (to[lane], to[lane + width]) = (from[0], from[1]);
                    (to[lane + (2 * width)], to[lane + (3 * width)]) = (from[2], from[3]);
                }
            }
        }
    }

    /// <summary>What numbers up to one of these bits are rounded with: a number's value, and that value's inverse, 0 where there are no numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float Factor, float Inverse) Factor(int bits)
    {
        var highest = BitConverter.Int32BitsToSingle(bits);
        return bits >= Infinity ? (float.NaN, 0) : highest < Smallest ? (0, 0) : (highest * (1f / Highest), Highest / highest);
    }

    /// <summary>The highest of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Most(Vector256<int> numbers)
    {
        var four = Vector128.Max(numbers.GetLower(), numbers.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    /// <summary>A sum in the elements' order.</summary>
    /// <param name="sums">[head.Lanes].</param>
    /// <param name="headDim">Elements of the sum.</param>
    /// <param name="head">How the sums lie.</param>
    /// <param name="output">[headDim].</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(float* sums, int headDim, PackedHead head, float* output)
    {
        var width = head.Width;
        var ordered = stackalloc float[head.Groups * head.Words * PackedShape.WordElements];
        var pair = (long*)ordered;
        for (var run = 0; run < head.Runs; run++)
        {
            for (var left = head.RunWords; left > 0; left -= width, sums += PackedHead.SumVectors * width)
            {
                for (var lane = 0; lane < Math.Min(left, width); lane++, pair += PackedHead.Shifts)
                {
                    var from = (long*)(sums + ((lane & 2) * 2 * width) + (lane & ~3)) + (lane & 1);
                    (pair[0], pair[1]) = (from[0], from[width / 2]);
                    (pair[2], pair[3]) = (from[width], from[3 * width / 2]);
                }
            }
        }

        var part = ordered;
        var zeros = sums;
        for (var g = 0; g < head.Groups; g++, zeros += PackedPairs.Tile)
        {
            var zero = Vector256.Create(Vector512.Sum(Vector512.Load(zeros)));
            for (var n = 0; n < head.Words; n++, part += Vector256<float>.Count)
            {
                (Vector256.Load(part) - zero).Store(part);
            }
        }

        new Span<float>(ordered, headDim).CopyTo(new(output, headDim));
    }
}
