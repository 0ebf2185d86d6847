using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// The products and sums of <see cref="HostAttention"/> with vector instructions, on keys and values of type T: float, Half, or
/// ushort for bfloat16. Some tokens at once, so that what they share is loaded once.
/// </summary>
internal static unsafe class HostVectors
{
    /// <summary>Tokens that are computed at once.</summary>
    public const int Together = 4;

    /// <summary>The products of one query with the keys of some tokens, a stride apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<T>(float* query, T* keys, long stride, int length, float* scores, int tokens)
        where T : unmanaged
    {
        if (tokens < Together)
        {
            for (var t = 0; t < tokens; t++)
            {
                scores[t] = Dot(query, keys + (t * stride), length);
            }

            return;
        }

        T* k0 = keys, k1 = k0 + stride, k2 = k1 + stride, k3 = k2 + stride;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var d = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var (w0, w1, w2, w3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
            for (; d + Vector512<float>.Count <= length; d += Vector512<float>.Count)
            {
                var q = Vector512.Load(query + d);
                w0 = Vector512.FusedMultiplyAdd(q, LoadWide(k0 + d), w0);
                w1 = Vector512.FusedMultiplyAdd(q, LoadWide(k1 + d), w1);
                w2 = Vector512.FusedMultiplyAdd(q, LoadWide(k2 + d), w2);
                w3 = Vector512.FusedMultiplyAdd(q, LoadWide(k3 + d), w3);
            }

            (a0, a1, a2, a3) = (w0.GetLower() + w0.GetUpper(), w1.GetLower() + w1.GetUpper(), w2.GetLower() + w2.GetUpper(), w3.GetLower() + w3.GetUpper());
        }

        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            var q = Vector256.Load(query + d);
            a0 = Vector256.FusedMultiplyAdd(q, Load(k0 + d), a0);
            a1 = Vector256.FusedMultiplyAdd(q, Load(k1 + d), a1);
            a2 = Vector256.FusedMultiplyAdd(q, Load(k2 + d), a2);
            a3 = Vector256.FusedMultiplyAdd(q, Load(k3 + d), a3);
        }

        Sums(a0, a1, a2, a3).Store(scores);
        for (; d < length; d++)
        {
            scores[0] += query[d] * One(k0 + d);
            scores[1] += query[d] * One(k1 + d);
            scores[2] += query[d] * One(k2 + d);
            scores[3] += query[d] * One(k3 + d);
        }
    }

    private static float Dot<T>(float* query, T* key, int length)
        where T : unmanaged
    {
        var (sum, d) = (Vector256<float>.Zero, 0);
        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            sum = Vector256.FusedMultiplyAdd(Vector256.Load(query + d), Load(key + d), sum);
        }

        var rest = Vector256.Sum(sum);
        for (; d < length; d++)
        {
            rest += query[d] * One(key + d);
        }

        return rest;
    }

    /// <summary>Each vector's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        if (!Avx.IsSupported)
        {
            return Vector128.Create(Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(d));
        }

        var all = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return all.GetLower() + all.GetUpper();
    }

    /// <summary>Adds the values of some tokens, a stride apart, each by its weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled<T>(float* to, T* values, long stride, int length, float* weights, int tokens)
        where T : unmanaged
    {
        if (tokens < Together)
        {
            for (var t = 0; t < tokens; t++)
            {
                AddScaled(to, values + (t * stride), weights[t], length);
            }

            return;
        }

        T* v0 = values, v1 = v0 + stride, v2 = v1 + stride, v3 = v2 + stride;
        var d = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var (w0, w1) = (Vector512.Create(weights[0]), Vector512.Create(weights[1]));
            var (w2, w3) = (Vector512.Create(weights[2]), Vector512.Create(weights[3]));
            for (; d + Vector512<float>.Count <= length; d += Vector512<float>.Count)
            {
                var sum = Vector512.FusedMultiplyAdd(LoadWide(v0 + d), w0, Vector512.Load(to + d));
                sum = Vector512.FusedMultiplyAdd(LoadWide(v1 + d), w1, sum);
                sum = Vector512.FusedMultiplyAdd(LoadWide(v2 + d), w2, sum);
                Vector512.FusedMultiplyAdd(LoadWide(v3 + d), w3, sum).Store(to + d);
            }
        }

        var (n0, n1) = (Vector256.Create(weights[0]), Vector256.Create(weights[1]));
        var (n2, n3) = (Vector256.Create(weights[2]), Vector256.Create(weights[3]));
        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            var sum = Vector256.FusedMultiplyAdd(Load(v0 + d), n0, Vector256.Load(to + d));
            sum = Vector256.FusedMultiplyAdd(Load(v1 + d), n1, sum);
            sum = Vector256.FusedMultiplyAdd(Load(v2 + d), n2, sum);
            Vector256.FusedMultiplyAdd(Load(v3 + d), n3, sum).Store(to + d);
        }

        for (; d < length; d++)
        {
            to[d] += (One(v0 + d) * weights[0]) + (One(v1 + d) * weights[1]) + (One(v2 + d) * weights[2]) + (One(v3 + d) * weights[3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled<T>(float* to, T* from, float factor, int length)
        where T : unmanaged
    {
        var (factors, d) = (Vector256.Create(factor), 0);
        for (; d + Vector256<float>.Count <= length; d += Vector256<float>.Count)
        {
            Vector256.FusedMultiplyAdd(Load(from + d), factors, Vector256.Load(to + d)).Store(to + d);
        }

        for (; d < length; d++)
        {
            to[d] += One(from + d) * factor;
        }
    }

    /// <summary>Float or bfloat16 (ushort) as float32.</summary>
    public static void Widen<T>(T* from, float* to, int count)
        where T : unmanaged
    {
        var n = 0;
        for (; n + Vector256<float>.Count <= count; n += Vector256<float>.Count)
        {
            Load(from + n).Store(to + n);
        }

        for (; n < count; n++)
        {
            to[n] = One(from + n);
        }
    }

    /// <summary>
    /// What products with <see cref="Load"/> must be multiplied by: a float16's exponent, put into float32's place, is too small by
    /// 112. Whoever multiplies puts it into the other factor, once.
    /// </summary>
    public static float Unscale<T>()
        where T : unmanaged => typeof(T) == typeof(Half) ? 5.192296858534828e33f : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float One<T>(T* from)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? *(float*)from
        : typeof(T) == typeof(Half) ? BitConverter.Int32BitsToSingle((*(short*)from << 13) & unchecked((int)0x8FFFE000))
        : BitConverter.UInt32BitsToSingle((uint)*(ushort*)from << 16);

    /// <summary>Eight elements as float32, to be scaled by <see cref="Unscale"/>; T is float, Half, or ushort for bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<T>(T* from)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector256.Load((float*)from);
        }

        if (typeof(T) == typeof(ushort))
        {
            return (Vector256.WidenLower(Vector128.Load((ushort*)from).ToVector256Unsafe()) << 16).AsSingle();
        }

        var bits = Vector256.WidenLower(Vector128.Load((short*)from).ToVector256Unsafe());
        return ((bits << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle();
    }

    /// <summary>Sixteen elements, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadWide<T>(T* from)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return Vector512.Load((float*)from);
        }

        if (typeof(T) == typeof(ushort))
        {
            return (Vector512.WidenLower(Vector256.Load((ushort*)from).ToVector512Unsafe()) << 16).AsSingle();
        }

        var bits = Vector512.WidenLower(Vector256.Load((short*)from).ToVector512Unsafe());
        return ((bits << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle();
    }

    /// <summary>The float16 in the upper half of each number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Float16(Vector256<int> halves) =>
        ((halves >> 3) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * Unscale<Half>();

    /// <inheritdoc cref="Float16(Vector256{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Float16(Vector512<int> halves) =>
        ((halves >> 3) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Unscale<Half>();
}
