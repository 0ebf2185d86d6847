using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Rows of a 4-bit KV cache: one token's keys or values of all heads, rotated and rounded. A row has words of 32 bits, [kvHeads, groups, group / 8],
/// each of 8 elements as a weight's words have them (<see cref="PackedShape"/>), and then [kvHeads, groups] pairs of scale and zero in float16.
/// </summary>
internal static unsafe class CacheRows
{
    private const int Vector = 8;
    private const int HighestNumber = 15;
    private const long WorthAThread = 1 << 16;
    private const int RowsOfAnItem = 16;

    private static readonly Vector256<int> places = Vector256.Create(1, 1 << 16, 1 << 4, 1 << 20, 1 << 8, 1 << 24, 1 << 12, 1 << 28);

    /// <summary>Elements of a group: 64 or 32 where they divide a head, else a whole head in full words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Group(int headDim) => ElementFormat.HeadGroup(headDim);

    /// <summary>Groups of a head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Groups(int headDim) => headDim % 64 == 0 ? headDim / 64 : headDim % 32 == 0 ? headDim / 32 : 1;

    /// <summary>Bytes of a row.</summary>
    public static long RowBytes(int kvHeads, int headDim) => ElementFormat.Int4(Group(headDim)).Bytes(kvHeads, headDim);

    /// <summary>Rotates and rounds rows.</summary>
    /// <param name="from">[rows, kvHeads, headDim], float32 or bfloat16, in host memory.</param>
    /// <param name="type">Their type.</param>
    /// <param name="to">[rows, <see cref="RowBytes"/>] bytes.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="kvHeads">Heads of a row.</param>
    /// <param name="headDim">Elements of a head.</param>
    public static void Pack(IntPtr from, ScalarType type, IntPtr to, long rows, int kvHeads, int headDim)
    {
        var items = (int)((rows + RowsOfAnItem - 1) / RowsOfAnItem);
        if (rows * kvHeads * headDim < WorthAThread)
        {
            PackRows(0, rows);
            return;
        }

        HostThreads.Team.Run(items, item => PackRows((long)item * RowsOfAnItem, Math.Min(RowsOfAnItem, rows - ((long)item * RowsOfAnItem))));

        void PackRows(long first, long count)
        {
            var at = first * kvHeads * headDim;
            var target = (byte*)to + (first * RowBytes(kvHeads, headDim));
            if (type == ScalarType.Float32)
            {
                Pack((float*)from + at, target, count, kvHeads, headDim);
            }
            else
            {
                Pack((ushort*)from + at, target, count, kvHeads, headDim);
            }
        }
    }

    /// <summary>Rotates heads in place, one after another: its own inverse, but for the rounding.</summary>
    /// <param name="heads">[heads, headDim].</param>
    /// <param name="count">How many heads.</param>
    /// <param name="headDim">Elements of a head.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(float* heads, long count, int headDim) => Hadamard.Rotate(heads, count * headDim, headDim & -headDim);

    [SkipLocalsInit]
    private static void Pack<T>(T* from, byte* to, long rows, int kvHeads, int headDim)
        where T : unmanaged
    {
        var (group, groups, rowBytes) = (Group(headDim), Groups(headDim), RowBytes(kvHeads, headDim));
        var (words, padded) = (group / Vector, group * groups);
        var rented = ArrayPool<float>.Shared.Rent(padded);
        fixed (float* head = rented)
        {
            for (var row = 0L; row < rows; row++, to += rowBytes)
            {
                var pairs = (Half*)(to + (kvHeads * groups * words * sizeof(uint)));
                for (var h = 0; h < kvHeads; h++, from += headDim)
                {
                    HostVectors.Widen(from, head, headDim);
                    Rotate(head, 1, headDim);
                    new Span<float>(head + headDim, padded - headDim).Fill(head[headDim - 1]);
                    for (var g = 0; g < groups; g++, pairs += 2)
                    {
                        (pairs[0], pairs[1]) = Pack(head + (g * group), (uint*)to + (((h * groups) + g) * words), group);
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private static (Half Scale, Half Zero) Pack(float* from, uint* words, int group)
    {
        var (least, most) = (Vector256.Load(from), Vector256.Load(from));
        for (var n = Vector; n < group; n += Vector)
        {
            (least, most) = (Vector256.Min(least, Vector256.Load(from + n)), Vector256.Max(most, Vector256.Load(from + n)));
        }

        var (low, high) = (least[0], most[0]);
        for (var n = 1; n < Vector; n++)
        {
            (low, high) = (MathF.Min(low, least[n]), MathF.Max(high, most[n]));
        }

        var scale = (Half)((high - low) / HighestNumber);
        var zero = (Half)(-low / (float)scale);
        if (scale == Half.Zero || Half.IsInfinity(zero))
        {
            new Span<uint>(words, group / Vector).Clear();
            return ((Half)MathF.Abs(low), (Half)(-MathF.Sign(low)));
        }

        var (step, shift) = (Vector256.Create((float)scale), Vector256.Create((float)zero));
        for (var n = 0; n < group; n += Vector)
        {
            var numbers = Vector256.ConvertToInt32(Vector256.Round((Vector256.Load(from + n) / step) + shift));
            words[n / Vector] = (uint)Vector256.Sum(Vector256.Min(Vector256.Max(numbers, Vector256<int>.Zero), Vector256.Create(HighestNumber)) * places);
        }

        return (scale, zero);
    }
}
