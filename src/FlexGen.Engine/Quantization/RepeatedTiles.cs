using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Quantization;

/// <summary>The blocks of one packed tile, of which matrices of any size are made by repetition.</summary>
internal sealed unsafe class RepeatedTiles
{
    /// <summary>Bytes that a thread copies before it takes others.</summary>
    private const long PieceBytes = 16 << 20;

    /// <summary>Blocks by which one matrix is shifted against the one before it.</summary>
    private const int Shift = 37;

    private readonly byte[] blocks;

    /// <param name="shape">The tile: 16 rows.</param>
    /// <param name="numbers">What is rounded to it: [16, columns] in float32.</param>
    public RepeatedTiles(PackedShape shape, IntPtr numbers)
    {
        blocks = GC.AllocateUninitializedArray<byte>(checked((int)shape.Bytes));
        fixed (byte* to = blocks)
        {
            Int4Quantizer.Pack((float*)numbers, PackedShape.TileRows, shape, to);
        }
    }

    /// <summary>Copies some bytes of a matrix.</summary>
    /// <param name="shape">The matrix, in groups of the size of these.</param>
    /// <param name="number">Which matrix: others begin with other blocks.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    public void Read(PackedShape shape, int number, long start, IntPtr to, long bytes)
    {
        var together = (int)Math.Max(1, PieceBytes / shape.TileBytes);
        PackedReader.Read(shape, start, to, bytes, together, (first, count, packed) => Make(shape, number, first, count, packed));
    }

    private void Make(PackedShape shape, int number, long firstTile, int count, byte* packed)
    {
        var from = ((firstTile * shape.Groups) + ((long)number * Shift)) * shape.BlockBytes % blocks.Length;
        for (long at = 0, bytes = count * shape.TileBytes; at < bytes; from = 0)
        {
            var length = Math.Min(bytes - at, blocks.Length - from);
            blocks.AsSpan((int)from, (int)length).CopyTo(new(packed + at, (int)length));
            at += length;
        }

        for (var tile = 0; tile < count; tile++)
        {
            Clear(shape, (int)Math.Min(PackedShape.TileRows, shape.Rows - ((firstTile + tile) * PackedShape.TileRows)), packed + (tile * shape.TileBytes));
        }
    }

    /// <summary>Sets what a tile has beyond its rows and columns to 0.</summary>
    private static void Clear(PackedShape shape, int rows, byte* tile)
    {
        if (shape.Columns % shape.Group is > 0 and var tail)
        {
            Int4Quantizer.ClearColumns((uint*)(tile + shape.TileBytes - shape.BlockBytes), (int)tail, shape.Group);
        }

        for (var word = (uint*)tile; rows < PackedShape.TileRows && word < tile + shape.TileBytes; word += PackedShape.TileRows)
        {
            // A row has one word in 16 of a block, scale and zero among them.
            new Span<uint>(word + rows, PackedShape.TileRows - rows).Clear();
        }
    }
}
