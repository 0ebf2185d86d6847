using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Quantization;

/// <summary>
/// Rounds float32 to 4-bit groups: to the nearest of 16 equally spaced numbers from a little above the least to a little below the most, then, by least
/// squares, which scale and zero suit those best, and to the nearest once more. The same numbers on every processor: nothing depends on how wide its
/// vectors are.
/// </summary>
internal static unsafe class Int4Quantizer
{
    private const int Largest = 15;

    /// <summary>What of a group's range the first 16 numbers span. Its ends are few: the others gain more by it than they lose.</summary>
    private const float Span = 0.97f;

    /// <summary>1.5 * 2^23: added to a float below 2^22, its integer is in the lowest bits, rounded to even.</summary>
    private const float Rounder = 12582912;

    private const float Middle = 8;

    /// <summary>Of half the size a scale is 0 in float16.</summary>
    private const float SmallestStep = 6e-8f;

    /// <summary>The largest zero that float16 has is twice as large.</summary>
    private const float LargestZero = 32752;

    private static readonly Vector256<uint> places = Vector256.Create(1u, 1u << 16, 1u << 4, 1u << 20, 1u << 8, 1u << 24, 1u << 12, 1u << 28);

    /// <summary>Packs up to 16 rows into one tile.</summary>
    /// <param name="rows">[count, columns], contiguous.</param>
    /// <param name="count">How many rows there are; those that a tile has beyond them get a scale of 0.</param>
    /// <param name="shape">The matrix that the tile is of.</param>
    /// <param name="tile">Takes <see cref="PackedShape.TileBytes"/>.</param>
    /// <returns>Whether every group could be represented: all numbers finite, and so close together that float16 has their scale.</returns>
    public static bool Pack(float* rows, int count, PackedShape shape, byte* tile)
    {
        if (count < PackedShape.TileRows)
        {
            NativeMemory.Clear(tile, (nuint)shape.TileBytes);
        }

        var group = shape.Group;
        var tail = (int)(shape.Columns % group);
        var padded = stackalloc float[group];
        var represented = true;
        for (var g = 0L; g < shape.Groups; g++)
        {
            var block = tile + (g * shape.BlockBytes);
            var isTail = tail > 0 && g == shape.Groups - 1;
            for (var row = 0; row < count; row++)
            {
                var from = rows + (row * shape.Columns) + (g * group);
                if (isTail)
                {
                    Repeat(from, tail, padded, group);
                    from = padded;
                }

                represented &= Pack(from, group, (uint*)block + row, (Half*)(block + shape.WordBytes) + (2 * row));
            }

            if (isTail)
            {
                ClearColumns((uint*)block, tail, group);
            }
        }

        return represented;
    }

    /// <summary>Sets what stands in the place of missing columns to 0.</summary>
    /// <param name="words">[group / 8, 16].</param>
    /// <param name="first">The first that is missing.</param>
    /// <param name="group">Elements of a group.</param>
    public static void ClearColumns(uint* words, int first, int group)
    {
        for (var column = first; column < group; column++)
        {
            var word = words + (column / PackedShape.WordElements * PackedShape.TileRows);
            var mask = ~((uint)Largest << PackedShape.Shifts[column % PackedShape.WordElements]);
            for (var row = 0; row < PackedShape.TileRows; row++)
            {
                word[row] &= mask;
            }
        }
    }

    /// <summary>Rounds one group.</summary>
    /// <param name="from">Its elements.</param>
    /// <param name="group">How many.</param>
    /// <param name="words">Takes its words, 16 apart.</param>
    /// <param name="scaleAndZero">Takes the two.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Pack(float* from, int group, uint* words, Half* scaleAndZero)
    {
        var (low, high, finite) = (Vector256.Load(from), Vector256.Load(from), Vector256<float>.Zero);
        for (var k = 0; k < group; k += Vector256<float>.Count)
        {
            var x = Vector256.Load(from + k);
            low = Vector256.MinNative(low, x);
            high = Vector256.MaxNative(high, x);
            // Infinity times 0 is NaN, and NaN stays.
            finite += x * 0;
        }

        var (least, most) = (Smallest(low), -Smallest(-high));
        var (scale, zero) = Fit(from, group, least, most);
        (scaleAndZero[0], scaleAndZero[1]) = (scale, zero);
        var (factor, offset) = (Vector256.Create(scale == Half.Zero ? 0 : 1 / (float)scale), Vector256.Create((float)zero));
        for (var k = 0; k < group; k += Vector256<float>.Count)
        {
            *words = Word(Rounded((Vector256.Load(from + k) * factor) + offset));
            words += PackedShape.TileRows;
        }

        return finite == Vector256<float>.Zero && Half.IsFinite(scale) && Half.IsFinite(zero);
    }

    /// <summary>The scale and the zero by which a group's elements lose little when they are rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Half Scale, Half Zero) Fit(float* from, int group, float least, float most)
    {
        var step = (most - least) * (Span / Largest);
        if (step < SmallestStep || Math.Max(-least, most) > step * LargestZero)
        {
            // As good as one number: a step of its size below or above 0.
            var one = (least + most) / 2;
            var size = (Half)Math.Abs(one);
            return (size, size == Half.Zero ? size : (Half)(-Math.Sign(one)));
        }

        // In steps from the middle of the range, and q from 8 on, so that the sums are of as many digits as they can be.
        var middle = least + ((most - least) / 2);
        var (factor, offset) = (Vector256.Create(1 / step), Vector256.Create(-middle / step));
        var (y1, q1, yq, qq) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (var k = 0; k < group; k += Vector256<float>.Count)
        {
            var y = (Vector256.Load(from + k) * factor) + offset;
            var q = Rounded(y + Vector256.Create(Largest / 2f)) - Vector256.Create(Rounder + Middle);
            y1 += y;
            q1 += q;
            yq += y * q;
            qq += q * q;
        }

        var (sumY, sumQ) = (Sum(y1), Sum(q1));
        var slope = ((group * Sum(yq)) - (sumY * sumQ)) / ((group * Sum(qq)) - (sumQ * sumQ));
        var scale = (Half)(slope * step);
        var atMiddle = (sumY - ((float)scale / step * sumQ)) / group;
        return (scale, (Half)(Middle - ((middle + (step * atMiddle)) / (float)scale)));
    }

    /// <summary>The nearest of 0 to 15, in the lowest bits of a float that is <see cref="Rounder"/> larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rounded(Vector256<float> x)
    {
        var inRange = Vector256.MinNative(Vector256.MaxNative(x, Vector256<float>.Zero), Vector256.Create((float)Largest));
        return inRange + Vector256.Create(Rounder);
    }

    /// <summary>Eight numbers that were rounded, as a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(Vector256<float> rounded)
    {
        var placed = (rounded.AsUInt32() & Vector256.Create((uint)Largest)) * places;
        var four = placed.GetLower() | placed.GetUpper();
        var two = four | Vector128.Shuffle(four, Vector128.Create(2u, 3u, 0u, 1u));
        return (two | Vector128.Shuffle(two, Vector128.Create(1u, 0u, 3u, 2u))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Smallest(Vector256<float> x)
    {
        var four = Vector128.MinNative(x.GetLower(), x.GetUpper());
        var two = Vector128.MinNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MinNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector256<float> x)
    {
        var four = x.GetLower() + x.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return (two + Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    /// <summary>Fills a group whose last columns are missing with the others over and over, which leaves its least, its most and what it is like.</summary>
    private static void Repeat(float* from, int count, float* group, int length)
    {
        for (var n = 0; n < length; n++)
        {
            group[n] = from[n % count];
        }
    }
}
