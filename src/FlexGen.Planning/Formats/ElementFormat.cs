using System.Runtime.CompilerServices;

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

    /// <summary>Rows whose blocks lie together: a matrix has whole tiles of as many.</summary>
    public int TileRows { get; private init; } = 1;

    /// <summary>Groups of 4-bit numbers, each with a scale and a zero of float16: rows by themselves, as the KV cache has them.</summary>
    /// <param name="group">Elements of a group, a multiple of 8.</param>
    public static ElementFormat Int4(int group) => new("int4", group, (group / 2) + 4);

    /// <summary>The groups that heads of a width are kept in: of 64 elements, of 32, or else of a whole head.</summary>
    public static ElementFormat Int4Heads(int headDim) => Int4(HeadGroup(headDim));

    /// <summary>Elements of such a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HeadGroup(int headDim) => headDim % 64 == 0 ? 64 : headDim % 32 == 0 ? 32 : (headDim + 7) / 8 * 8;

    /// <summary>The same in tiles of rows, as weights have them (<see cref="PackedShape"/>).</summary>
    /// <param name="group">Elements of a group, a multiple of 8.</param>
    public static ElementFormat Int4Tiles(int group) => Int4(group) with { TileRows = PackedShape.TileRows };

    /// <summary>Elements of this format that take the room of one of float32, where float32 takes no less.</summary>
    public long Wide => F32.BlockBytes * BlockElements / BlockBytes;

    /// <summary>Bytes of a row of elements.</summary>
    public long Bytes(long elements) => BlockElements == 1 ? elements * BlockBytes : (elements + BlockElements - 1) / BlockElements * BlockBytes;

    /// <summary>Bytes of rows, each of which is whole blocks.</summary>
    public long Bytes(long rows, long elements) => (rows + TileRows - 1) / TileRows * TileRows * Bytes(elements);

    /// <summary>Elements of a row that lie in some bytes from a block's beginning on.</summary>
    public long Elements(long bytes) => bytes / BlockBytes * BlockElements;
}
