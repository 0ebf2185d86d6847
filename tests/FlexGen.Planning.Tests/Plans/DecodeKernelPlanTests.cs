using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class DecodeKernelPlanTests
{
    [Theory]
    [InlineData(8, 4, false, 8, 544, 128)]
    [InlineData(8, 4, false, 16, 544, 256)]
    [InlineData(8, 4, false, 256, 544, 512)]
    [InlineData(8, 4, true, 32, 544, 128)]
    [InlineData(8, 4, true, 64, 544, 256)]
    [InlineData(8, 4, true, 256, 256, 512)]
    [InlineData(56, 1, true, 13, 256, 128)]
    [InlineData(56, 1, true, 13, 8192, 512)]
    [InlineData(32, 1, false, 0, 544, 128)]
    public void Chunks_are_large_where_there_are_enough_of_them(int kvHeads, int group, bool packed, int slots, int sequenceLength, int expected)
    {
        var shape = new ModelShape("test", 1, kvHeads * group * 128, kvHeads * group, kvHeads, 128, 1, 8192);

        var plan = new DecodeKernelPlan(shape, packed ? ElementFormat.Int4Heads(128) : ElementFormat.F16, slots, sequenceLength);

        Assert.Equal(expected, plan.Chunk);
        Assert.Equal((1, 1, 2, 2), (plan.Chunks(1), plan.Chunks((expected * 3 / 2) - 1), plan.Chunks(expected * 3 / 2), plan.Chunks(expected * 2)));
        Assert.Equal((long)plan.Chunks(sequenceLength) * slots * kvHeads * group * 130 * sizeof(float), plan.PartialBytes);
    }
}
