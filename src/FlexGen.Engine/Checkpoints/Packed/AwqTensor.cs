using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>
/// A weight as AWQ stores it for its matrix products: qweight [in, out / 8], a word being 8 outputs for one input, in the order that
/// <see cref="PackedShape.Shifts"/> has for 8 inputs.
/// </summary>
/// <inheritdoc cref="ColumnwiseTensor"/>
internal sealed unsafe class AwqTensor(string name, PackedShape packed, long storedGroup, StoredPart numbers, StoredPart zeros, StoredPart scales)
    : ColumnwiseTensor(name, packed, storedGroup, numbers, zeros, scales)
{
    protected override ReadOnlySpan<byte> ZeroShifts => PackedShape.Shifts;

    protected override int AddedToZeros => 0;

    protected override (long Rows, long Columns) StoredShape => (Packed.Columns, Packed.Rows / PackedShape.WordElements);

    protected override void PackWords(uint* stored, int outputs, int first, int count, long word, int wordCount, uint* to)
    {
        var stride = outputs / PackedShape.WordElements;
        for (var n = 0; n < wordCount; n++, to += PackedShape.TileRows)
        {
            for (var output = 0; output < count; output += PackedShape.WordElements)
            {
                var from = stored + ((word + n) * PackedShape.WordElements * stride) + ((first + output) / PackedShape.WordElements);
                Transpose(from, stride, to + output);
            }
        }
    }

    /// <summary>Eight words of 8 outputs each become eight of 8 inputs each.</summary>
    private static void Transpose(uint* from, int stride, uint* to)
    {
        for (var input = 0; input < PackedShape.WordElements; input++)
        {
            var word = from[input * stride];
            var place = PackedShape.Shifts[input];
            to[0] |= (word & 15) << place;
            to[1] |= ((word >> 16) & 15) << place;
            to[2] |= ((word >> 4) & 15) << place;
            to[3] |= ((word >> 20) & 15) << place;
            to[4] |= ((word >> 8) & 15) << place;
            to[5] |= ((word >> 24) & 15) << place;
            to[6] |= ((word >> 12) & 15) << place;
            to[7] |= ((word >> 28) & 15) << place;
        }
    }
}
