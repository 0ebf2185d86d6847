using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FlexGen.Engine.Kernels.Host.HostVectors;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// What layers do with each element, in one pass over it where libtorch takes one for each operation. T is float, or ushort for bfloat16; each
/// element is computed alike, whatever shares the batch.
/// </summary>
internal static unsafe class HostElementwise
{
    private const int Lanes = 8;
    private const long ElementsOfAnItem = 1 << 14;

    /// <summary>x / sqrt(mean(x^2) + eps), rounded to T, times the weight.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="added">[rows, width], which is added to x first, the sum, rounded, in its place; null: nothing is.</param>
    /// <param name="weight">[width].</param>
    /// <param name="to">[rows, width]; may be x.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    public static void RmsNorm<T>(T* x, T* added, T* weight, T* to, long rows, int width, float eps)
        where T : unmanaged
    {
        var (from, addends, factors, target) = ((IntPtr)x, (IntPtr)added, (IntPtr)weight, (IntPtr)to);
        var together = Math.Max(1, ElementsOfAnItem / width);
        Run(rows, together, (first, count) =>
        {
            for (var row = first; row < first + count; row++)
            {
                if (addends != 0)
                {
                    AddRow((T*)from + (row * width), (T*)addends + (row * width), width);
                }

                NormRow((T*)from + (row * width), (T*)factors, (T*)target + (row * width), width, eps);
            }
        });
    }

    /// <summary>x + added, rounded to T, in x's place.</summary>
    /// <param name="x">[count].</param>
    /// <param name="added">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void Add<T>(T* x, T* added, long count)
        where T : unmanaged
    {
        var (place, addends) = ((IntPtr)x, (IntPtr)added);
        Run(count, ElementsOfAnItem, (first, length) => AddRow((T*)place + first, (T*)addends + first, length));
    }

    /// <summary>Turns element d of each head with element d + headDim / 2, in their places: x cos, rounded to T, plus the other one times sin.</summary>
    /// <param name="x">[rows, heads, headDim].</param>
    /// <param name="cos">[rows, headDim].</param>
    /// <param name="sin">[rows, headDim], negative in the first half.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="headDim">Elements of a head, an even number.</param>
    public static void Turn<T>(T* x, T* cos, T* sin, long rows, int heads, int headDim)
        where T : unmanaged
    {
        var (place, cosines, sines) = ((IntPtr)x, (IntPtr)cos, (IntPtr)sin);
        Run(rows, Math.Max(1, ElementsOfAnItem / (heads * headDim)), (first, count) =>
        {
            for (var row = first; row < first + count; row++)
            {
                for (var head = 0; head < heads; head++)
                {
                    TurnHead((T*)place + (((row * heads) + head) * headDim), (T*)cosines + (row * headDim), (T*)sines + (row * headDim), headDim / 2);
                }
            }
        });
    }

    /// <summary>T, here also Half, as float32.</summary>
    /// <param name="from">[count].</param>
    /// <param name="to">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void Widen<T>(T* from, float* to, long count)
        where T : unmanaged
    {
        var (source, target) = ((IntPtr)from, (IntPtr)to);
        Run(count, ElementsOfAnItem, (first, length) =>
        {
            if (typeof(T) != typeof(Half))
            {
                HostVectors.Widen((T*)source + first, (float*)target + first, (int)length);
                return;
            }

            for (var n = first; n < first + length; n++)
            {
                ((float*)target)[n] = (float)((Half*)source)[n];
            }
        });
    }

    /// <summary>Float32 rounded to T, here also Half.</summary>
    /// <param name="from">[count].</param>
    /// <param name="to">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void Narrow<T>(float* from, T* to, long count)
        where T : unmanaged
    {
        var (source, target) = ((IntPtr)from, (IntPtr)to);
        Run(count, ElementsOfAnItem, (first, length) =>
        {
            var n = first;
            for (; typeof(T) != typeof(Half) && n + Lanes <= first + length; n += Lanes)
            {
                Store(Vector256.Load((float*)source + n), (T*)target + n, Lanes);
            }

            for (; n < first + length; n++)
            {
                Store(Vector256.CreateScalar(((float*)source)[n]), (T*)target + n, 1);
            }
        });
    }

    /// <summary>silu(gate) * up in float32, rounded to T, in gate's place.</summary>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="count">How many elements.</param>
    public static void GatedSilu<T>(T* gate, T* up, long count)
        where T : unmanaged
    {
        var (place, factor) = ((IntPtr)gate, (IntPtr)up);
        Run(count, ElementsOfAnItem, (first, length) =>
        {
            T* g = (T*)place + first, u = (T*)factor + first;
            var n = 0L;
            for (; n + Lanes <= length; n += Lanes)
            {
                Store(Gated(Load(g + n), Load(u + n)), g + n, Lanes);
            }

            if (n < length)
            {
                var (lastGate, lastUp) = (Vector256<float>.Zero, Vector256<float>.Zero);
                for (var lane = 0; n + lane < length; lane++)
                {
                    (lastGate, lastUp) = (lastGate.WithElement(lane, One(g + n + lane)), lastUp.WithElement(lane, One(u + n + lane)));
                }

                Store(Gated(lastGate, lastUp), g + n, (int)(length - n));
            }
        });
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

    private static void NormRow<T>(T* x, T* weight, T* to, int width, float eps)
        where T : unmanaged
    {
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

    private static void Run(long all, long together, Action<long, long> part)
    {
        if (all <= 2 * together)
        {
            part(0, all);
            return;
        }

        HostThreads.Team.Run((int)((all + together - 1) / together), item => part(item * together, Math.Min(together, all - (item * together))));
    }
}
