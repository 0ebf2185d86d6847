using System.Runtime.InteropServices;
using FlexGen.Engine.Quantization;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>
/// A weight stored by columns of outputs: its numbers, and for each group of inputs the outputs' scales, in a number format, and zeros, 8 in a word.
/// </summary>
/// <param name="name">The weight's name.</param>
/// <param name="packed">The form that it is read in.</param>
/// <param name="storedGroup">Inputs that share a scale: as many as the packed form's group, or a multiple.</param>
/// <param name="numbers">Its 4-bit numbers.</param>
/// <param name="zeros">[groups, out / 8].</param>
/// <param name="scales">[groups, out].</param>
internal abstract unsafe class ColumnwiseTensor(
    string name, PackedShape packed, long storedGroup, StoredPart numbers, StoredPart zeros, StoredPart scales) : PackedTensor(name, packed)
{
    /// <summary>Bytes of stored numbers that a thread asks for at once, where a tile has no more.</summary>
    private const long PieceBytes = 8 << 20;

    private static readonly string[] words = ["I32", "U32"];
    private static readonly string[] numberFormats = ["F16", "BF16", "F32"];

    public override string Path => numbers.File.Path;

    protected StoredPart Numbers => numbers;

    protected StoredPart Zeros => zeros;

    protected long StoredGroup => storedGroup;

    /// <summary>Groups of a row as stored.</summary>
    protected long StoredGroups => (Packed.Columns + storedGroup - 1) / storedGroup;

    /// <summary>The bit at which each of the 8 outputs' zeros begins in a word.</summary>
    protected abstract ReadOnlySpan<byte> ZeroShifts { get; }

    /// <summary>What is added to a zero as it is stored.</summary>
    protected abstract int AddedToZeros { get; }

    /// <summary>The shape of the numbers.</summary>
    protected abstract (long Rows, long Columns) StoredShape { get; }

    protected override void Check()
    {
        if (Packed.Rows % PackedShape.WordElements != 0 || Packed.Columns % PackedShape.WordElements != 0)
        {
            throw numbers.Refused($"is of a weight of {Packed.Rows} outputs and {Packed.Columns} inputs; multiples of {PackedShape.WordElements} are expected");
        }

        numbers.Require(words, StoredShape.Rows, StoredShape.Columns);
        zeros.Require(words, StoredGroups, Packed.Rows / PackedShape.WordElements);
        scales.Require(numberFormats, StoredGroups, Packed.Rows);
    }

    public override void Read(long start, IntPtr to, long bytes)
    {
        var tileBytes = PackedShape.TileRows * Packed.Columns / 2;
        PackedReader.Read(Packed, start, to, bytes, (int)Math.Clamp(PieceBytes / tileBytes, 1, Packed.Tiles), ReadTiles);
    }

    /// <summary>Packs the words of one block.</summary>
    /// <param name="stored">The numbers of some outputs, as <see cref="StoredShape"/> has them.</param>
    /// <param name="outputs">How many outputs those are.</param>
    /// <param name="first">The first of them that is of the tile.</param>
    /// <param name="count">How many are.</param>
    /// <param name="word">The first of the block's words among those of a row.</param>
    /// <param name="wordCount">How many there are.</param>
    /// <param name="to">Takes [words, 16].</param>
    protected abstract void PackWords(uint* stored, int outputs, int first, int count, long word, int wordCount, uint* to);

    private void ReadTiles(long firstTile, int count, byte* to)
    {
        var first = firstTile * PackedShape.TileRows;
        var outputs = (int)Math.Min((long)count * PackedShape.TileRows, Packed.Rows - first);
        var (numberBytes, zeroBytes) = (outputs * Packed.Columns / 2, StoredGroups * outputs / 2);
        var memory = (byte*)NativeMemory.Alloc((nuint)(numberBytes + zeroBytes + (StoredGroups * outputs * sizeof(Half))));
        try
        {
            var storedZeros = memory + numberBytes;
            var storedScales = (Half*)(storedZeros + zeroBytes);
            var perElement = Packed.Rows / StoredShape.Columns;
            numbers.ReadColumns(first / perElement, (int)(outputs / perElement), memory);
            zeros.ReadColumns(first / PackedShape.WordElements, outputs / PackedShape.WordElements, storedZeros);
            scales.ReadHalves(first, outputs, storedScales);
            NativeMemory.Clear(to, (nuint)(count * Packed.TileBytes));
            for (var tile = 0; tile < count; tile++)
            {
                for (var group = 0L; group < Packed.Groups; group++)
                {
                    var block = to + (((tile * Packed.Groups) + group) * Packed.BlockBytes);
                    var word = group * Packed.Group / PackedShape.WordElements;
                    var rows = Math.Min(PackedShape.TileRows, outputs - (tile * PackedShape.TileRows));
                    var wordCount = (int)Math.Min(Packed.Group / PackedShape.WordElements, (Packed.Columns / PackedShape.WordElements) - word);
                    PackWords((uint*)memory, outputs, tile * PackedShape.TileRows, rows, word, wordCount, (uint*)block);
                    var at = (group * Packed.Group / storedGroup * outputs) + (tile * PackedShape.TileRows);
                    PackScales((uint*)storedZeros, storedScales, at, rows, (Half*)(block + Packed.WordBytes));
                }
            }
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    private void PackScales(uint* storedZeros, Half* storedScales, long at, int rows, Half* to)
    {
        for (var row = 0; row < rows; row++)
        {
            var word = storedZeros[(at + row) / PackedShape.WordElements];
            var zero = (int)(word >> ZeroShifts[row % PackedShape.WordElements]) & 15;
            (to[2 * row], to[(2 * row) + 1]) = (storedScales[at + row], (Half)(zero + AddedToZeros));
        }
    }
}
