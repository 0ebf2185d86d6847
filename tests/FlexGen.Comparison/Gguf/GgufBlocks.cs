using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FlexGen.Comparison.Gguf;

/// <summary>Elements as the bytes of a <see cref="GgufType"/>, rounded as the format's own tools do without an importance matrix.</summary>
internal static class GgufBlocks
{
    /// <summary>Elements of a block; a row's length is a multiple of it.</summary>
    public const int Length = 32;

    public static long Bytes(GgufType type, long elements) => type switch
    {
        GgufType.F32 => elements * sizeof(float),
        GgufType.Q4_0 => elements / Length * (2 + (Length / 2)),
        GgufType.Q8_0 => elements / Length * (2 + Length),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such type"),
    };

    /// <param name="type">The type of what is written.</param>
    /// <param name="from">Elements, whole blocks of them.</param>
    /// <param name="to">As many bytes as <see cref="Bytes"/> says.</param>
    public static void Encode(GgufType type, ReadOnlySpan<float> from, Span<byte> to)
    {
        if (type == GgufType.F32)
        {
            MemoryMarshal.AsBytes(from).CopyTo(to);
            return;
        }

        var bytes = (int)Bytes(type, Length);
        for (var block = 0; block < from.Length / Length; block++)
        {
            var elements = from.Slice(block * Length, Length);
            var stored = to.Slice(block * bytes, bytes);
            if (type == GgufType.Q8_0)
            {
                EncodeEightBits(elements, stored);
            }
            else
            {
                EncodeFourBits(elements, stored);
            }
        }
    }

    private static void EncodeEightBits(ReadOnlySpan<float> elements, Span<byte> to)
    {
        var scale = Math.Abs(Largest(elements)) / 127;
        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(to, (Half)scale);
        for (var i = 0; i < Length; i++)
        {
            to[2 + i] = (byte)(sbyte)MathF.Round(elements[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    /// <summary>The element of the largest magnitude is -8 times the scale, whose sign is the other's.</summary>
    private static void EncodeFourBits(ReadOnlySpan<float> elements, Span<byte> to)
    {
        var scale = Largest(elements) / -8;
        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(to, (Half)scale);
        for (var i = 0; i < Length / 2; i++)
        {
            to[2 + i] = (byte)(Quantum(elements[i]) | (Quantum(elements[i + (Length / 2)]) << 4));
        }

        int Quantum(float element) => Math.Min(15, (int)((element * inverse) + 8.5f));
    }
    /// <summary>The element of the largest magnitude.</summary>
    private static float Largest(ReadOnlySpan<float> elements)
    {
        var largest = 0f;
        foreach (var element in elements)
        {
            largest = Math.Abs(element) > Math.Abs(largest) ? element : largest;
        }

        return largest;
    }
}
