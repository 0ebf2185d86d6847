namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>
/// Decompresses a Snappy block as it is read. Every writer compresses 64 KiB after another, so that no copy is from further back, though the format would
/// allow it.
/// </summary>
internal sealed class SnappyStream(ByteReader source) : ForwardStream
{
    private const int History = 64 << 10;
    private const int LongestCopy = 64;

    private readonly byte[] window = new byte[4 * History];
    private readonly uint length = source.ReadVarint();
    private long written;
    private long literalLeft;
    private int readAt;
    private int writeAt;

    public override int Read(Span<byte> buffer)
    {
        if (readAt == writeAt)
        {
            Decompress();
        }

        var count = Math.Min(buffer.Length, writeAt - readAt);
        window.AsSpan(readAt, count).CopyTo(buffer);
        readAt += count;
        return count;
    }

    // All that was written has been read.
    private void Decompress()
    {
        var kept = Math.Min(History, writeAt);
        window.AsSpan(writeAt - kept, kept).CopyTo(window);
        readAt = writeAt = kept;
        while (written < length && writeAt + LongestCopy <= window.Length)
        {
            var before = writeAt;
            if (literalLeft > 0)
            {
                CopyLiteral();
            }
            else
            {
                ReadElement(source.ReadByte());
            }

            written += writeAt - before;
        }

        if (written + literalLeft > length)
        {
            throw new InvalidDataException($"a page is longer than the {length} bytes that it says");
        }
    }

    private void ReadElement(byte tag)
    {
        var size = tag >> 2;
        switch (tag & 3)
        {
            case 0:
                literalLeft = size < 60 ? size + 1 : source.ReadNumber(size - 59) + 1L;
                break;
            case 1:
                Copy((size & 7) + 4, ((uint)tag >> 5 << 8) | source.ReadByte());
                break;
            case 2:
                Copy(size + 1, source.ReadNumber(2));
                break;
            default:
                Copy(size + 1, source.ReadNumber(4));
                break;
        }
    }

    private void CopyLiteral()
    {
        var count = (int)Math.Min(literalLeft, window.Length - writeAt);
        source.Read(window.AsSpan(writeAt, count));
        writeAt += count;
        literalLeft -= count;
    }

    private void Copy(int count, uint back)
    {
        if (back == 0 || back > writeAt)
        {
            throw new InvalidDataException($"a page refers to {back} bytes before its byte {written}, where {History} are kept");
        }

        var from = writeAt - (int)back;
        if (back >= count)
        {
            window.AsSpan(from, count).CopyTo(window.AsSpan(writeAt));
            writeAt += count;
            return;
        }
        // What is copied reaches into what it becomes.
        for (; count > 0; count--)
        {
            window[writeAt++] = window[from++];
        }
    }
}
