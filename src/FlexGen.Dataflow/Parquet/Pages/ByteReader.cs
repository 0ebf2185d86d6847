using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>Reads a stream from front to back, in small steps at little cost.</summary>
/// <param name="stream">The stream, which is disposed of with this.</param>
/// <param name="bufferBytes">Read from it at once.</param>
internal sealed class ByteReader(Stream stream, int bufferBytes = 32 << 10) : IDisposable
{
    private readonly byte[] buffer = new byte[bufferBytes];
    private int at;
    private int end;

    /// <exception cref="EndOfStreamException">There is none.</exception>
    public byte ReadByte()
    {
        if (at == end)
        {
            Fill();
        }

        return buffer[at++];
    }

    /// <exception cref="EndOfStreamException">There are not so many.</exception>
    public void Read(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (at == end && bytes.Length >= buffer.Length)
            {
                stream.ReadExactly(bytes);
                return;
            }

            if (at == end)
            {
                Fill();
            }

            var count = Math.Min(bytes.Length, end - at);
            buffer.AsSpan(at, count).CopyTo(bytes);
            bytes = bytes[count..];
            at += count;
        }
    }

    /// <summary>Reads a number as Parquet stores it, which is as processors do.</summary>
    public T Read<T>()
        where T : unmanaged
    {
        var size = Unsafe.SizeOf<T>();
        if (end - at >= size)
        {
            at += size;
            return MemoryMarshal.Read<T>(buffer.AsSpan(at - size));
        }

        T value = default;
        Read(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Reads a number of at most four bytes, the lowest first.</summary>
    public uint ReadNumber(int bytes)
    {
        uint number = 0;
        for (var i = 0; i < bytes; i++)
        {
            number |= (uint)ReadByte() << (8 * i);
        }

        return number;
    }

    /// <summary>Reads a number of at most 32 bits, in groups of 7 from the lowest on.</summary>
    public uint ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return checked((uint)value);
            }
        }

        throw new InvalidDataException("it has a number of more than 32 bits");
    }

    public void Skip(long count)
    {
        while (count > 0)
        {
            if (at == end)
            {
                Fill();
            }

            var step = (int)Math.Min(count, end - at);
            at += step;
            count -= step;
        }
    }

    public void Dispose() => stream.Dispose();

    private void Fill()
    {
        at = 0;
        end = stream.Read(buffer);
        if (end == 0)
        {
            throw new EndOfStreamException("a page ends too early");
        }
    }
}
