using FlexGen.Engine.Quantization;
using FlexGen.Interop;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Support;

/// <summary>A matrix of 4-bit groups in host memory, written and read one number at a time.</summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Room behind the last block: there is none for kernels to read.</summary>
    private readonly HostMemory memory;

    public PackedMatrix(PackedShape shape)
    {
        Shape = shape;
        memory = new(shape.Bytes, pinned: false);
        new Span<byte>((void*)memory.Address, checked((int)shape.Bytes)).Clear();
    }

    public PackedShape Shape { get; }

    public PackedWeight Weight => new(memory.Address, Shape);

    /// <summary>Rounds a matrix, [rows, columns], to the nearest numbers.</summary>
    public static PackedMatrix Round(ReadOnlySpan<float> matrix, int rows, int columns, int group)
    {
        var packed = new PackedMatrix(new(rows, columns, group));
        for (var row = 0; row < rows; row++)
        {
            for (var first = 0; first < columns; first += group)
            {
                var part = matrix.Slice((row * columns) + first, Math.Min(group, columns - first));
                var (low, high) = (0f, 0f);
                foreach (var x in part)
                {
                    (low, high) = (Math.Min(low, x), Math.Max(high, x));
                }

                var scale = (Half)((high - low) / 15);
                var zero = scale == Half.Zero ? Half.Zero : (Half)(-low / (float)scale);
                packed.SetGroup(row, first / group, scale, zero);
                for (var n = 0; n < part.Length; n++)
                {
                    var rounded = scale == Half.Zero ? 0 : MathF.Round((part[n] / (float)scale) + (float)zero);
                    packed.SetNumber(row, first + n, (int)Math.Clamp(rounded, 0, 15));
                }
            }
        }

        return packed;
    }

    /// <summary>The number of 0 to 15 of an element.</summary>
    public int Number(long row, long column) => (int)(*Word(row, column) >> Shift(column)) & 15;

    public void SetNumber(long row, long column, int number) =>
        *Word(row, column) = (*Word(row, column) & ~(15u << Shift(column))) | ((uint)number << Shift(column));

    public (Half Scale, Half Zero) Group(long row, long group) => (Pair(row, group)[0], Pair(row, group)[1]);

    public void SetGroup(long row, long group, Half scale, Half zero) => (Pair(row, group)[0], Pair(row, group)[1]) = (scale, zero);

    /// <summary>An element as it is meant.</summary>
    public double Value(long row, long column)
    {
        var (scale, zero) = Group(row, column / Shape.Group);
        return (double)scale * (Number(row, column) - (double)zero);
    }

    public void Dispose() => memory.Dispose();

    private int Shift(long column) => PackedShape.Shifts[(int)(column % Shape.Group % PackedShape.WordElements)];

    private uint* Word(long row, long column) =>
        (uint*)Block(row, column / Shape.Group) + (column % Shape.Group / PackedShape.WordElements * PackedShape.TileRows) + (row % PackedShape.TileRows);

    private Half* Pair(long row, long group) => (Half*)(Block(row, group) + Shape.WordBytes) + (row % PackedShape.TileRows * 2);

    private byte* Block(long row, long group) =>
        (byte*)memory.Address + (row / PackedShape.TileRows * Shape.TileBytes) + (group * Shape.BlockBytes);
}
