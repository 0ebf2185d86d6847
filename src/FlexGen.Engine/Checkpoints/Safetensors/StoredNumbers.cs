using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>Numbers of a type that weights are stored in, as float32.</summary>
internal static unsafe class StoredNumbers
{
    /// <summary>2^112: what a float16's exponent is short of when it stands in float32's place.</summary>
    private const float Unscale = 5.192296858534828e33f;

    /// <summary>Widens numbers; those of float64 are rounded.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Takes them.</param>
    public static void Widen(ScalarType type, byte* from, long count, float* to)
    {
        switch (type)
        {
            case ScalarType.Float32:
                Buffer.MemoryCopy(from, to, count * sizeof(float), count * sizeof(float));
                break;
            case ScalarType.Float16:
                WidenHalves((ushort*)from, count, to);
                break;
            case ScalarType.BFloat16:
                WidenBrainFloats((ushort*)from, count, to);
                break;
            case ScalarType.Float64:
                for (var n = 0L; n < count; n++)
                {
                    to[n] = (float)((double*)from)[n];
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are not stored in it");
        }
    }

    /// <summary>The first of some numbers that is NaN or infinite; null: all are finite.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="count">How many.</param>
    public static long? FindNotFinite(ScalarType type, byte* from, long count) => type switch
    {
        ScalarType.Float32 => FindAllSet((uint*)from, count, 0x7F800000u),
        ScalarType.Float16 => FindAllSet((ushort*)from, count, (ushort)0x7C00),
        ScalarType.BFloat16 => FindAllSet((ushort*)from, count, (ushort)0x7F80),
        ScalarType.Float64 => FindAllSet((ulong*)from, count, 0x7FF0000000000000ul),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are not stored in it"),
    };

    /// <summary>The first that has all bits of the exponent set.</summary>
    private static long? FindAllSet<T>(T* from, long count, T exponent)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var n = 0L;
        var bits = Vector256.Create(exponent);
        while (n + Vector256<T>.Count <= count && !Vector256.EqualsAny(Vector256.Load(from + n) & bits, bits))
        {
            n += Vector256<T>.Count;
        }

        while (n < count && (from[n] & exponent) != exponent)
        {
            n++;
        }

        return n < count ? n : null;
    }

    private static void WidenHalves(ushort* from, long count, float* to)
    {
        var n = 0L;
        for (; n + Vector256<float>.Count <= count; n += Vector256<float>.Count)
        {
            var bits = Vector256.WidenLower(Vector128.Load((short*)from + n).ToVector256Unsafe());
            var number = ((bits << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * Unscale;
            var isFinite = Vector256.LessThan(bits & Vector256.Create(0x7FFF), Vector256.Create(0x7C00)).AsSingle();
            Vector256.ConditionalSelect(isFinite, number, number | Vector256.Create(0x7F800000).AsSingle()).Store(to + n);
        }

        for (; n < count; n++)
        {
            to[n] = (float)((Half*)from)[n];
        }
    }

    private static void WidenBrainFloats(ushort* from, long count, float* to)
    {
        var n = 0L;
        for (; n + Vector256<float>.Count <= count; n += Vector256<float>.Count)
        {
            (Vector256.WidenLower(Vector128.Load(from + n).ToVector256Unsafe()) << 16).AsSingle().Store(to + n);
        }

        for (; n < count; n++)
        {
            to[n] = BitConverter.UInt32BitsToSingle((uint)from[n] << 16);
        }
    }
}
