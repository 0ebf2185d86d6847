namespace FlexGen.Dataflow.Parquet;

/// <summary>Walks Thrift's compact encoding without building anything of it, so that what is malformed costs neither memory nor stack.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    public readonly int At => at;

    public const byte I32 = 5;
    public const byte List = 9;
    public const byte Struct = 12;

    /// <summary>How many bytes were read.</summary>
    public readonly int Position => at;

    /// <summary>Reads the next field's header in a struct; false at the struct's end.</summary>
    /// <param name="id">The field before, then this one; 0 at a struct's start.</param>
    /// <param name="type">The field's type.</param>
    public bool ReadField(ref int id, out byte type)
    {
        var header = ReadByte();
        type = (byte)(header & 0x0f);
        if (header == 0)
        {
            return false;
        }

        id = header >> 4 is > 0 and var step ? id + step : checked((int)ReadInteger());
        return true;
    }

    /// <summary>Reads a list's header.</summary>
    public int ReadList(out byte type)
    {
        var header = ReadByte();
        type = (byte)(header & 0x0f);
        var count = header >> 4 is < 15 and var small ? (ulong)small : ReadVarint();
        // Every element takes a byte or more.
        return count <= (ulong)(bytes.Length - at) ? (int)count : throw new InvalidDataException($"a list of {count} elements does not fit into it");
    }

    public long ReadInteger()
    {
        var value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>An integer as it is written.</summary>
    public static byte[] Integer(int value)
    {
        var bytes = new List<byte>();
        var left = (uint)((value << 1) ^ (value >> 31));
        for (; left >= 0x80; left >>= 7)
        {
            bytes.Add((byte)(left | 0x80));
        }

        return [.. bytes, (byte)left];
    }

    /// <exception cref="InvalidDataException">The value is cut off, of no known type, or nested too deep.</exception>
    public void Skip(byte type, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"it is nested deeper than {MaxDepth}");
        }

        switch (type)
        {
            case 1 or 2:
                break;
            case 3:
                Advance(1);
                break;
            case 4 or I32 or 6:
                ReadVarint();
                break;
            case 7:
                Advance(sizeof(double));
                break;
            case 8:
                Advance(ReadVarint());
                break;
            case List or 10:
                SkipList(depth);
                break;
            case 11:
                SkipMap(depth);
                break;
            case Struct:
                var id = 0;
                while (ReadField(ref id, out var field))
                {
                    Skip(field, depth + 1);
                }

                break;
            default:
                throw new InvalidDataException($"it has a value of the unknown type {type}");
        }
    }

    private void SkipList(int depth)
    {
        var count = ReadList(out var type);
        for (var i = 0; i < count; i++)
        {
            SkipElement(type, depth);
        }
    }

    private void SkipMap(int depth)
    {
        var count = ReadVarint();
        var types = count == 0 ? (byte)0 : ReadByte();
        for (ulong i = 0; i < count; i++)
        {
            SkipElement((byte)(types >> 4), depth);
            SkipElement((byte)(types & 0x0f), depth);
        }
    }

    // A field's truth is in its header, an element's is a byte.
    private void SkipElement(byte type, int depth) => Skip(type is 1 or 2 ? (byte)3 : type, depth + 1);

    private byte ReadByte()
    {
        Advance(1);
        return bytes[at - 1];
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("it has a number of more than 64 bits");
    }

    private void Advance(ulong count) =>
        at = count <= (ulong)(bytes.Length - at) ? at + (int)count : throw new InvalidDataException("it ends too early");
}
