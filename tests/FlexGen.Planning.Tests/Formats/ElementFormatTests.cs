using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Tests.Formats;

public class ElementFormatTests
{
    [Fact]
    public void Bytes_of_elements_follow_from_the_format()
    {
        Assert.Equal(40, ElementFormat.F32.Bytes(10));
        Assert.Equal(20, ElementFormat.F16.Bytes(10));
        Assert.Equal(60, ElementFormat.BF16.Bytes(3, 10));
        Assert.Equal((1, 2), (ElementFormat.F32.Wide, ElementFormat.BF16.Wide));
        Assert.Equal(10, ElementFormat.F16.Elements(20));
    }

    [Fact]
    public void Groups_of_4_bits_have_a_scale_and_a_zero_each_and_weights_whole_tiles_of_rows()
    {
        Assert.Equal(2 * 36, ElementFormat.Int4(64).Bytes(100));
        Assert.Equal(3 * 36, ElementFormat.Int4(64).Bytes(3, 64));
        Assert.Equal(16 * 2 * 20, ElementFormat.Int4Tiles(32).Bytes(3, 40));
        Assert.Equal(new PackedShape(17, 40, 32).Bytes, ElementFormat.Int4Tiles(32).Bytes(17, 40));
        Assert.Equal([64, 64, 32, 80, 16], new[] { 128, 64, 96, 80, 12 }.Select(h => ElementFormat.Int4Heads(h).BlockElements));
    }

    [Fact]
    public void Each_row_of_a_format_in_blocks_begins_with_a_block()
    {
        var groups = new ElementFormat("groups of 64 in 4 bits", BlockElements: 64, BlockBytes: 36);
        Assert.Equal(36, groups.Bytes(64));
        Assert.Equal(72, groups.Bytes(65));
        Assert.Equal(3 * 72, groups.Bytes(rows: 3, elements: 65));
        Assert.Equal(128, groups.Elements(72));
        SlabShape slab = new(tokens: 10, slots: 3, kvHeads: 2, headDim: 80, groups);
        Assert.Equal((144, 432, 4320, 8192), (slab.RowBytes, slab.TokenBytes, slab.Bytes, slab.AlignedBytes));
    }

    [Fact]
    public void A_slab_on_disk_has_whole_sectors()
    {
        SlabShape slab = new(tokens: 100, slots: 3, kvHeads: 2, headDim: 64, ElementFormat.F16);
        Assert.Equal((256, 768, 76800, 77824), (slab.RowBytes, slab.TokenBytes, slab.Bytes, slab.AlignedBytes));
        Assert.Equal([100, 3, 2, 64], slab.Dimensions);
        Assert.Equal((0, Sector.Bytes, Sector.Bytes, 2 * Sector.Bytes), (Sector.Align(0), Sector.Align(1), Sector.Align(Sector.Bytes), Sector.Align(Sector.Bytes + 1)));
    }
}
