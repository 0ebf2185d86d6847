namespace FlexGen.Planning.Formats;

/// <summary>How numbers lie in memory: in blocks of some elements, each of some bytes. A row of them is whole blocks.</summary>
/// <param name="Name">As options spell it.</param>
/// <param name="BlockElements">Elements of a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
public sealed record ElementFormat(string Name, int BlockElements, int BlockBytes)
{
    public static ElementFormat F32 { get; } = new("float32", 1, 4);

    public static ElementFormat F16 { get; } = new("float16", 1, 2);

    public static ElementFormat BF16 { get; } = new("bfloat16", 1, 2);

    /// <summary>Elements of this format that take the room of one of float32, where float32 takes no less.</summary>
    public long Wide => F32.BlockBytes * BlockElements / BlockBytes;

    /// <summary>Bytes of a row of elements.</summary>
    public long Bytes(long elements) => BlockElements == 1 ? elements * BlockBytes : (elements + BlockElements - 1) / BlockElements * BlockBytes;

    /// <summary>Bytes of rows, each of which begins with a block.</summary>
    public long Bytes(long rows, long elements) => rows * Bytes(elements);

    /// <summary>Elements of a row that lie in some bytes from a block's beginning on.</summary>
    public long Elements(long bytes) => bytes / BlockBytes * BlockElements;
}
