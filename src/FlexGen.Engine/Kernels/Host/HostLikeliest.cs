using System.Runtime.Intrinsics;
using FlexGen.Interop;
using static FlexGen.Engine.Kernels.Host.HostVectors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The likeliest token of each row of logits in host memory, in one read of them.</summary>
internal static unsafe class HostLikeliest
{
    private const long WorthAThread = 1 << 17;
    private const int ElementsOfAStretch = 1024;

    /// <summary>The first of the largest logits of each row.</summary>
    /// <param name="logits">[rows, vocabulary], float32 or bfloat16, contiguous.</param>
    /// <param name="notFinite">Stands where the largest is infinite, or some are NaN.</param>
    /// <returns>[rows], int64.</returns>
    public static Tensor Of(Tensor logits, int notFinite)
    {
        var (rows, vocabulary, address) = ((int)logits.size(0), (int)logits.size(1), TensorAddress.Of(logits.Handle));
        var (found, isWide) = (new long[rows], logits.dtype == ScalarType.Float32);
        HostThreads.Run((long)rows * vocabulary >= WorthAThread, rows, row =>
        {
            var at = (long)row * vocabulary;
            found[row] = (isWide ? Largest((float*)address + at, vocabulary) : Largest((ushort*)address + at, vocabulary)) ?? notFinite;
        });
        GC.KeepAlive(logits);
        return tensor(found);
    }

    /// <summary>The place of the first of the largest numbers; null where that is none.</summary>
    private static int? Largest<T>(T* row, int count)
        where T : unmanaged
    {
        var (largest, start) = (float.NegativeInfinity, 0);
        for (var first = 0; first < count; first += ElementsOfAStretch)
        {
            var most = LargestOf(row + first, Math.Min(ElementsOfAStretch, count - first));
            if (float.IsNaN(most))
            {
                return null;
            }

            (largest, start) = most > largest ? (most, first) : (largest, start);
        }

        if (!float.IsFinite(largest))
        {
            return null;
        }

        while (One(row + start) != largest)
        {
            start++;
        }

        return start;
    }

    private static float LargestOf<T>(T* from, int count)
        where T : unmanaged
    {
        var (most, numbers, n) = (Vector256.Create(float.NegativeInfinity), Vector256<float>.AllBitsSet, 0);
        for (; n + Vector256<float>.Count <= count; n += Vector256<float>.Count)
        {
            var x = Load(from + n);
            (most, numbers) = (Vector256.MaxNative(most, x), numbers & Vector256.Equals(x, x));
        }

        var largest = numbers.AsUInt32() == Vector256<uint>.AllBitsSet ? float.NegativeInfinity : float.NaN;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            largest = MathF.Max(largest, most[lane]);
        }

        for (; n < count; n++)
        {
            largest = MathF.Max(largest, One(from + n));
        }

        return largest;
    }
}
