using FlexGen.Engine.Kernels.Cuda;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class DecodeResidenceTests
{
    [Theory]
    [InlineData(128, 1, 4, 18432)]
    [InlineData(512, 4, 3, 13824)]
    [InlineData(768, 6, 2, 9216)]
    [InlineData(1024, 8, 2, 9216)]
    [InlineData(1280, 5, 2, 45408)]
    [InlineData(1536, 6, 2, 37632)]
    [InlineData(2112, 8, 2, 9216)]
    [InlineData(2240, 6, 2, 37632)]
    public void Blocks_are_at_once_in_equal_numbers_and_few_bytes_are_on_their_way(int blocks, int atOnce, int stages, int sharedBytes)
    {
        const int stageBytes = 4608;

        var residence = DecodeResidence.For(blocks, 132, 8, (stageBytes, n => n * stageBytes));

        Assert.Equal(new(atOnce, stages, sharedBytes), residence);
        Assert.True(blocks <= 132 * 8 || atOnce == 8 || (atOnce + 1) * (sharedBytes + 1024) > 228 << 10);
        Assert.True(atOnce * (sharedBytes + 1024 + 128) <= 228 << 10);
    }
}
