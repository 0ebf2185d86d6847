using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The loops, of one thread each.</summary>
internal static unsafe partial class HostElementwise
{
    private static void GateRow<T>(T* gate, T* up, long length)
        where T : unmanaged
    {
        var n = 0L;
        for (; n + Lanes <= length; n += Lanes)
        {
            Store(Gated(Load(gate + n), Load(up + n)), gate + n, Lanes);
        }

        if (n < length)
        {
            var (lastGate, lastUp) = (Vector256<float>.Zero, Vector256<float>.Zero);
            for (var lane = 0; n + lane < length; lane++)
            {
                (lastGate, lastUp) = (lastGate.WithElement(lane, One(gate + n + lane)), lastUp.WithElement(lane, One(up + n + lane)));
            }

            Store(Gated(lastGate, lastUp), gate + n, (int)(length - n));
        }
    }

    private static void AddRow<T>(T* x, T* added, long count)
        where T : unmanaged
    {
        var n = 0L;
        for (; n + Lanes <= count; n += Lanes)
        {
            Store(Load(x + n) + Load(added + n), x + n, Lanes);
        }

        for (; n < count; n++)
        {
            Store(Vector256.CreateScalar(One(x + n) + One(added + n)), x + n, 1);
        }
    }

    private static void TurnRow<T>(T* x, T* cos, T* sin, int heads, int half)
        where T : unmanaged
    {
        for (var head = 0; head < heads; head++)
        {
            TurnHead(x + (head * 2L * half), cos, sin, half);
        }
    }

    private static void TurnHead<T>(T* x, T* cos, T* sin, int half)
        where T : unmanaged
    {
        var n = 0;
        for (; n + Lanes <= half; n += Lanes)
        {
            var (a, b) = (Load(x + n), Load(x + half + n));
            Store(Turned<T>(a, b, Load(cos + n), Load(sin + n)), x + n, Lanes);
            Store(Turned<T>(b, a, Load(cos + half + n), Load(sin + half + n)), x + half + n, Lanes);
        }

        for (; n < half; n++)
        {
            var (a, b) = (Scalar(x + n), Scalar(x + half + n));
            Store(Turned<T>(a, b, Scalar(cos + n), Scalar(sin + n)), x + n, 1);
            Store(Turned<T>(b, a, Scalar(cos + half + n), Scalar(sin + half + n)), x + half + n, 1);
        }

        static Vector256<float> Scalar(T* from) => Vector256.CreateScalar(One(from));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Turned<T>(Vector256<float> x, Vector256<float> other, Vector256<float> cos, Vector256<float> sin)
        where T : unmanaged => Vector256.FusedMultiplyAdd(other, sin, Narrowed<T>(x * cos));

    private static void NormRow<T>(T* x, T* added, T* weight, T* to, int width, float eps)
        where T : unmanaged
    {
        if (added != null)
        {
            AddRow(x, added, width);
        }

        var (first, second, n) = (Vector256<float>.Zero, Vector256<float>.Zero, 0);
        for (; n + (2 * Lanes) <= width; n += 2 * Lanes)
        {
            var (a, b) = (Load(x + n), Load(x + n + Lanes));
            (first, second) = (Vector256.FusedMultiplyAdd(a, a, first), Vector256.FusedMultiplyAdd(b, b, second));
        }

        var sum = Vector256.Sum(first + second);
        for (; n < width; n++)
        {
            sum += One(x + n) * One(x + n);
        }

        var factor = 1 / MathF.Sqrt((sum / width) + eps);
        for (n = 0; n + Lanes <= width; n += Lanes)
        {
            Store(Narrowed<T>(Load(x + n) * factor) * Load(weight + n), to + n, Lanes);
        }

        for (; n < width; n++)
        {
            Store(Narrowed<T>(Vector256.CreateScalar(One(x + n) * factor)) * One(weight + n), to + n, 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Gated(Vector256<float> gate, Vector256<float> up) => gate / (Vector256<float>.One + Vector256.Exp(-gate)) * up;

    /// <summary>The numbers that T has for these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Narrowed<T>(Vector256<float> numbers)
        where T : unmanaged => typeof(T) == typeof(float) ? numbers : (ProductRows.Rounded(numbers) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(Vector256<float> numbers, T* to, int count)
        where T : unmanaged
    {
        if (count == Lanes && typeof(T) == typeof(float))
        {
            numbers.Store((float*)to);
        }
        else if (count == Lanes)
        {
            var rounded = ProductRows.Rounded(numbers);
            Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store((ushort*)to);
        }
        else
        {
            for (var n = 0; n < count; n++)
            {
                if (typeof(T) == typeof(float))
                {
                    ((float*)to)[n] = numbers[n];
                }
                else if (typeof(T) == typeof(Half))
                {
                    ((Half*)to)[n] = (Half)numbers[n];
                }
                else
                {
                    ((ushort*)to)[n] = (ushort)ProductRows.Rounded(numbers)[n];
                }
            }
        }
    }
}
