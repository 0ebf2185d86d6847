using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Quantization;

/// <summary>Rounds float32 to 4-bit groups. The same numbers on every processor: nothing depends on how wide its vectors are.</summary>
internal static unsafe class Int4Quantizer
{
    private const int Largest = 15;

    /// <summary>1.5 * 2^23: added to a float below 2^22, its integer is in the lowest bits, rounded to even.</summary>
    private const float Rounder = 12582912;

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
                    new Span<float>(padded, group).Clear();
                    new ReadOnlySpan<float>(from, tail).CopyTo(new(padded, tail));
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
        var (low, high, finite) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (var k = 0; k < group; k += Vector256<float>.Count)
        {
            var x = Vector256.Load(from + k);
            low = Vector256.MinNative(low, x);
            high = Vector256.MaxNative(high, x);
            // Infinity times 0 is NaN, and NaN stays.
            finite += x * 0;
        }

        var (least, most) = (Smallest(low), -Smallest(-high));
        var half = (Half)((most - least) / Largest);
        var scale = (float)half;
        var half0 = scale == 0 ? Half.Zero : (Half)(-least / scale);
        (scaleAndZero[0], scaleAndZero[1]) = (half, half0);
        var (divisor, zero) = (Vector256.Create(scale == 0 ? float.PositiveInfinity : scale), Vector256.Create((float)half0));
        for (var k = 0; k < group; k += Vector256<float>.Count)
        {
            var q = (Vector256.Load(from + k) / divisor) + zero;
            q = Vector256.MinNative(Vector256.MaxNative(q, Vector256<float>.Zero), Vector256.Create((float)Largest));
            *words = Word(q);
            words += PackedShape.TileRows;
        }

        return finite == Vector256<float>.Zero && float.IsFinite(scale);
    }

    /// <summary>Eight numbers of 0 to 15, rounded, as a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(Vector256<float> q)
    {
        var placed = ((q + Vector256.Create(Rounder)).AsUInt32() & Vector256.Create((uint)Largest)) * places;
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
}
