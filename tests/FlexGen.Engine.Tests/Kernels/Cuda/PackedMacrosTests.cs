using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Planning;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class PackedMacrosTests
{
    [Theory]
    [InlineData(32, 1, 128, new long[] { 2, 4, 16, 8 }, new long[] { 8, 16, 8 })]
    [InlineData(56, 1, 128, new long[] { 2, 4, 16, 8 }, new long[] { 8, 16, 8 })]
    [InlineData(8, 4, 128, new long[] { 2, 4, 16, 8 }, new long[] { 8, 16, 8 })]
    [InlineData(12, 1, 64, new long[] { 4, 4, 16, 4 }, new long[] { 8, 8, 8 })]
    [InlineData(1, 7, 64, new long[] { 1, 4, 4, 16 }, new long[] { 8, 8, 8 })]
    [InlineData(32, 1, 80, new long[] { 4, 4, 16, 4 }, new long[] { 8, 16, 16 })]
    [InlineData(16, 2, 256, new long[] { 2, 4, 16, 4 }, new long[] { 8, 32, 8 })]
    [InlineData(2, 12, 96, new long[] { 2, 4, 8, 4 }, new long[] { 8, 12, 4 })]
    [InlineData(2, 1, 27, new long[] { 2, 4, 8, 8 }, new long[] { 8, 4, 4 })]
    [InlineData(3, 2, 20, new long[] { 1, 4, 4, 16 }, new long[] { 8, 4, 4 })]
    [InlineData(2, 2, 512, new long[] { 1, 4, 16, 8 }, new long[] { 16, 32, 4 })]
    public void Heads_share_sectors_as_far_as_copies_and_shared_memory_allow(int kvHeads, int group, int headDim, long[] attention, long[] rotation)
    {
        var shape = new ModelShape("test", 1, kvHeads * group * headDim, kvHeads * group, kvHeads, headDim, 1, 700);

        var format = ElementFormat.Int4Heads(headDim);

        var (_, macros, sharedBytes, _) = PackedMacros.OfAttention(format, new(shape, format, 6, 700));

        Assert.Equal(attention, Of("WARPS", "STAGES", "UNIT", "RESIDENT"));
        Assert.InRange(sharedBytes, 1, 48 << 10);
        Assert.Equal(rotation, Of("PER", "HEAD_LANES", "BLOCK_LANES"));

        long[] Of(params string[] names) => [.. names.Select(name => macros[name])];
    }
}
