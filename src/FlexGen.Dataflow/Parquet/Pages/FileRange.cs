using Microsoft.Win32.SafeHandles;

namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>Some bytes of a file, whatever else is read of it meanwhile.</summary>
internal sealed class FileRange(SafeFileHandle file, long at, long length) : ForwardStream
{
    private readonly long end = at + length;
    private long at = at;

    /// <summary>The first bytes, which are passed over here.</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public FileRange Take(int count)
    {
        if (count < 0 || count > end - at)
        {
            throw new InvalidDataException($"a page of {end - at} bytes has {count} bytes of levels");
        }

        at += count;
        return new FileRange(file, at - count, count);
    }

    public override int Read(Span<byte> buffer)
    {
        var count = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, end - at)], at);
        at += count;
        return count;
    }
}
