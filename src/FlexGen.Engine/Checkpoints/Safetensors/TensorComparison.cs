using System.Buffers.Binary;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>Compares stored tensors piece by piece, so that no more than two pieces of them are in memory, and no further than the first difference.</summary>
internal static class TensorComparison
{
    private const int Piece = 1 << 20;

    /// <summary>Whether two tensors have the same shape and the same values, in whatever types they are stored.</summary>
    public static bool AreEqual(SafetensorsFile file, SafetensorsEntry one, SafetensorsFile otherFile, SafetensorsEntry other)
    {
        if (!one.Shape.SequenceEqual(other.Shape))
        {
            return false;
        }

        var (sameType, elements) = (one.Type == other.Type, one.Shape.Aggregate(1L, (a, b) => a * b));
        if (Reader(one.Type) is not { } read || Reader(other.Type) is not { } readOther)
        {
            return false;
        }

        var (size, otherSize) = (SafetensorsTypes.Size(one.Type)!.Value, SafetensorsTypes.Size(other.Type)!.Value);
        var (piece, otherPiece) = (new byte[Math.Min(Piece, elements) * size], new byte[Math.Min(Piece, elements) * otherSize]);
        for (var start = 0L; start < elements; start += Piece)
        {
            var count = (int)Math.Min(Piece, elements - start);
            var (bytes, otherBytes) = (piece.AsMemory(0, count * size), otherPiece.AsMemory(0, count * otherSize));
            file.Read(one, start * size, bytes);
            otherFile.Read(other, start * otherSize, otherBytes);
            if (sameType ? !bytes.Span.SequenceEqual(otherBytes.Span) : !AreEqual(bytes.Span, size, read, otherBytes.Span, otherSize, readOther))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqual(ReadOnlySpan<byte> one, int size, Read read, ReadOnlySpan<byte> other, int otherSize, Read readOther)
    {
        for (var (at, otherAt) = (0, 0); at < one.Length; at += size, otherAt += otherSize)
        {
            if (read(one[at..]) != readOther(other[otherAt..]))
            {
                return false;
            }
        }

        return true;
    }

    private static Read? Reader(string type) => type switch
    {
        "F64" => BinaryPrimitives.ReadDoubleLittleEndian,
        "F32" => bytes => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        "F16" => bytes => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        "BF16" => bytes => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
        _ => null,
    };

    private delegate double Read(ReadOnlySpan<byte> bytes);
}
