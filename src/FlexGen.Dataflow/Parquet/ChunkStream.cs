namespace FlexGen.Dataflow.Parquet;

/// <summary>
/// A file of which at first only the footer is there, then, once a chunk is named, only that chunk, to be read from front to back. Parquet.Net follows the
/// sizes that pages state of themselves: of a damaged file it would take the next column's values for missing ones, or read a page for ever.
/// </summary>
internal sealed class ChunkStream(FileStream file, Stream footer) : Stream
{
    private Stream now = footer;
    private long start;
    private long end = long.MaxValue;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => now.Length;

    public override long Position
    {
        get => now.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public void Bound(long first, long length) => (now, start, end) = (file, first, first + length);

    public override long Seek(long offset, SeekOrigin origin)
    {
        var to = now.Seek(offset, origin);
        if (to < start || to >= end)
        {
            throw new InvalidDataException("its pages are not where they should be");
        }

        if (end != long.MaxValue)
        {
            // What is behind stays behind, but for the page that begins here.
            start = to + 1;
        }

        return to;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => now.Read(buffer[..Left(buffer.Length)]);

    public override int ReadByte() => Left(1) == 0 ? -1 : now.ReadByte();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        now.ReadAsync(buffer[..Left(buffer.Length)], cancellationToken);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Left(int count) => (int)Math.Clamp(end - now.Position, 0, count);
}
