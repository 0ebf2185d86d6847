namespace FlexGen.Planning.Formats;

/// <summary>
/// A matrix of 4-bit numbers in groups of consecutive elements of a row: an element is scale * (q - zero), q being 0 to 15, scale and zero the
/// group's, in float16. It lies in tiles of 16 rows, and a tile in blocks, one for each group: [tiles, groups] blocks, so that what a kernel
/// reads at once lies together, whether it is for a processor's vectors (16 rows at once) or for a GPU's tensor cores (16 x 16 elements).
/// A block has [group / 8, 16 rows] words of 32 bits, then [16 rows] pairs of scale and zero. A word is 8 consecutive elements k0 to k7 of a row;
/// its nibbles, from the lowest, are k0 k2 k4 k6 k1 k3 k5 k7: each of the four shifts by 4 bits leaves a pair of neighbours 16 bits apart.
/// Rows and columns that are missing in the last tile and the last group are there with a scale of 0.
/// </summary>
/// <param name="Rows">Its rows: of a linear layer the outputs.</param>
/// <param name="Columns">Elements of a row.</param>
/// <param name="Group">Elements of a group, a multiple of 8.</param>
public readonly record struct PackedShape(long Rows, long Columns, int Group)
{
    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 16;

    /// <summary>Elements of a word.</summary>
    public const int WordElements = 8;

    /// <summary>The bit at which each of a word's 8 elements begins.</summary>
    public static ReadOnlySpan<byte> Shifts => [0, 16, 4, 20, 8, 24, 12, 28];

    public long Tiles => (Rows + TileRows - 1) / TileRows;

    /// <summary>Of a row.</summary>
    public long Groups => (Columns + Group - 1) / Group;

    /// <summary>Bytes of the words of a block, after which its scales and zeros come.</summary>
    public int WordBytes => TileRows * Group / 2;

    /// <summary>Bytes of a tile's part in one group.</summary>
    public int BlockBytes => WordBytes + (TileRows * 4);

    public long TileBytes => Groups * BlockBytes;

    public long Bytes => Tiles * TileBytes;
}
