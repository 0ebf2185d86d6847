using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// How a head of 4-bit numbers (<see cref="CacheRows"/>) meets a processor's vectors: in blocks of as many words as a vector has, of one group or of
/// two. A block's query is [4, width] pairs of 16-bit numbers, one pair for each shift by 4 bits, which leaves two neighbours of a word 16 bits
/// apart. Its sums are [2, 4, width] floats: when the halves of two rows' words are interleaved, those of the lower or of the upper two words of each
/// four, after each shift.
/// </summary>
internal readonly record struct PackedHead
{
    /// <summary>Shifts that bring a half word's elements into place.</summary>
    public const int Shifts = 4;

    /// <summary>Vectors of a block's sums.</summary>
    public const int SumVectors = 2 * Shifts;

    private const int Narrow = 8;

    public PackedHead(int headDim, int width)
    {
        (Width, Groups, Words) = (width, CacheRows.Groups(headDim), CacheRows.Group(headDim) / PackedShape.WordElements);
        (Runs, RunWords) = width > Narrow ? (1, Groups * Words) : (Groups, Words);
        Blocks = Runs * ((RunWords + width - 1) / width);
    }

    /// <summary>Words of a vector: 8, or 16 for heads that are pairs of groups of 8.</summary>
    public int Width { get; }

    /// <summary>Groups of the head.</summary>
    public int Groups { get; }

    /// <summary>Words of a group.</summary>
    public int Words { get; }

    /// <summary>Parts of the head whose words fill blocks: groups, or the whole head.</summary>
    public int Runs { get; }

    /// <summary>Words of such a part, whose last block is filled up.</summary>
    public int RunWords { get; }

    public int Blocks { get; }

    /// <summary>Bytes of the head's words.</summary>
    public int Bytes => Groups * Words * sizeof(int);

    /// <summary>Pairs of a query.</summary>
    public int QueryPairs => Blocks * Shifts * Width;

    /// <summary>Floats of the sums.</summary>
    public int Sums => Blocks * SumVectors * Width;

    /// <summary>Floats of the sums, and of what the zeros come to: [groups, 16].</summary>
    public int Lanes => Sums + (Groups * PackedPairs.Tile);
}
