using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// The Hadamard matrix in Sylvester's order, over the square root of its size: orthogonal, symmetric and its own inverse. It spreads what stands out
/// in one element over all of them, which 4 bits have few numbers for.
/// </summary>
internal static unsafe class Hadamard
{
    private const int Vector = 8;

    /// <summary>Multiplies in place, block by block.</summary>
    /// <param name="elements">What to rotate.</param>
    /// <param name="count">How many elements, whole blocks.</param>
    /// <param name="size">Elements of a block, a power of two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* elements, long count, int size)
    {
        var factor = 1 / MathF.Sqrt(size);
        for (var block = elements; block < elements + count; block += size)
        {
            if (size < Vector)
            {
                RotateFew(block, size, factor);
                continue;
            }

            for (var n = 0; n < size; n += Vector)
            {
                WithinVector(Vector256.Load(block + n), factor).Store(block + n);
            }

            for (var half = Vector; half < size; half *= 2)
            {
                for (var pair = block; pair < block + size; pair += 2 * half)
                {
                    for (var n = 0; n < half; n += Vector)
                    {
                        var (a, b) = (Vector256.Load(pair + n), Vector256.Load(pair + n + half));
                        (a + b).Store(pair + n);
                        (a - b).Store(pair + n + half);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WithinVector(Vector256<float> x, float factor)
    {
        x = Vector256.Shuffle(x, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)) + (x * Vector256.Create(1f, -1, 1, -1, 1, -1, 1, -1));
        x = Vector256.Shuffle(x, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)) + (x * Vector256.Create(1f, 1, -1, -1, 1, 1, -1, -1));
        x = Vector256.Shuffle(x, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3)) + (x * Vector256.Create(1f, 1, 1, 1, -1, -1, -1, -1));
        return x * factor;
    }

    private static void RotateFew(float* block, int size, float factor)
    {
        for (var half = 1; half < size; half *= 2)
        {
            for (var n = 0; n < size; n += (n + 1) % half == 0 ? half + 1 : 1)
            {
                (block[n], block[n + half]) = (block[n] + block[n + half], block[n] - block[n + half]);
            }
        }

        for (var n = 0; n < size; n++)
        {
            block[n] *= factor;
        }
    }
}
