using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FlexGen.Planning.Formats;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Rows of activations, each group of a row rounded to 8 bits: to the nearest of max|x| / 127, even ones where two are as near. A group with NaN
/// or infinity has the factor NaN, one of less than 2^-100 the factor 0.
/// </summary>
/// <param name="Memory">Strips of <see cref="RoundedStrip.MostRows"/> rows, one after another, and then their factors.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="Group">Elements of a group.</param>
internal readonly unsafe record struct RoundedRows(IntPtr Memory, int Rows, long Columns, int Group)
{
    private const int Step = 32;
    private const int CacheLine = 64;
    private const float Smallest = 7.8886090522101181e-31f;
    private const int Infinity = 0x7F800000;

    /// <summary>Of each thread that calls: a lane's, or the engine's.</summary>
    [ThreadStatic]
    private static byte[]? memory;

    public int GroupBytes => BytesOf(Group);

    public long Groups => (Columns + Group - 1) / Group;

    public int Strips => (Rows + RoundedStrip.MostRows - 1) / RoundedStrip.MostRows;

    /// <summary>Bytes of a row, its factors included.</summary>
    public static long RowBytes(PackedShape weight) => weight.Groups * (BytesOf(weight.Group) + (2 * sizeof(float)));

    /// <summary>Room for rows that a weight is to be multiplied with, in the calling thread's memory: until it asks again.</summary>
    public static RoundedRows Of(PackedShape weight, int rows)
    {
        var bytes = checked((int)(rows * RowBytes(weight)) + CacheLine);
        if (memory is null || memory.Length < bytes)
        {
            memory = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        }

        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
        return new((address + CacheLine - 1) & -CacheLine, rows, weight.Columns, weight.Group);
    }

    public RoundedStrip Strip(int strip)
    {
        var first = (long)strip * RoundedStrip.MostRows;
        var (elements, factors) = (Memory, Memory + (nint)(Rows * Groups * GroupBytes));
        var rows = Math.Min(RoundedStrip.MostRows, Rows - (int)first);
        return new(elements + (nint)(first * Groups * GroupBytes), factors + (nint)(first * Groups * 2 * sizeof(float)), rows, GroupBytes);
    }

    /// <summary>Rounds one row, of float, or of ushort for bfloat16.</summary>
    [SkipLocalsInit]
    public void Round<T>(int row, T* from)
        where T : unmanaged
    {
        var strip = Strip(row / RoundedStrip.MostRows);
        var at = row % RoundedStrip.MostRows;
        var rented = ArrayPool<float>.Shared.Rent(GroupBytes);
        fixed (float* buffer = rented)
        {
            for (var group = 0L; group < Groups; group++)
            {
                var elements = from + (group * Group);
                var count = (int)Math.Min(Group, Columns - (group * Group));
                var floats = typeof(T) == typeof(float) && count == GroupBytes ? (float*)elements : Widened(elements, count, buffer);
                Round(floats, strip.ElementsOf(group) + (at * GroupBytes), strip.FactorsOf(group) + (at * 2));
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private static int BytesOf(int group) => (group + Step - 1) / Step * Step;

    private float* Widened<T>(T* from, int count, float* to)
        where T : unmanaged
    {
        Widen(from, to, count);
        new Span<float>(to + count, GroupBytes - count).Clear();
        return to;
    }

    private void Round(float* from, sbyte* to, float* factors)
    {
        var most = Vector256<int>.Zero;
        for (var n = 0; n < GroupBytes; n += Vector256<float>.Count)
        {
            most = Vector256.Max(most, Vector256.Load((int*)from + n) & Vector256.Create(int.MaxValue));
        }

        var (bits, halves) = (0, Vector128.Max(most.GetLower(), most.GetUpper()));
        for (var n = 0; n < Vector128<int>.Count; n++)
        {
            bits = Math.Max(bits, halves[n]);
        }

        var highest = BitConverter.Int32BitsToSingle(bits);
        if (bits >= Infinity || highest < Smallest)
        {
            (factors[0], factors[1]) = (bits >= Infinity ? float.NaN : 0, 0);
            new Span<sbyte>(to, GroupBytes).Clear();
            return;
        }

        var (inverse, sum) = (Vector256.Create(127 / highest), Vector256<int>.Zero);
        for (var n = 0; n < GroupBytes; n += 2 * Vector256<float>.Count)
        {
            var a = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(from + n) * inverse));
            var b = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(from + n + Vector256<float>.Count) * inverse));
            sum += a + b;
            Vector128.Narrow(Paired(a), Paired(b)).AsSByte().Store(to + n);
        }

        (factors[0], factors[1]) = (highest / 127, Vector256.Sum(sum));
    }

    /// <summary>8 numbers as 4 pairs of bytes: k0 k4, k1 k5, k2 k6, k3 k7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Paired(Vector256<int> numbers) =>
        ((numbers.GetLower() & Vector128.Create(0xFF)) | ((numbers.GetUpper() & Vector128.Create(0xFF)) << 8)).AsUInt32();
}
