using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class StreamedDivisionTests
{
    [Theory]
    [InlineData("2 8 2 4", 4096, 4096)]
    [InlineData("6 2 2 16", 4096, 12288)]
    [InlineData("6 2 2 16", 4096, 4096, 4096, 4096)]
    [InlineData("8 2 2 16", 4096, 16384)]
    [InlineData("2 8 2 16", 16384, 4096)]
    [InlineData("4 4 2 14", 7168, 7168)]
    [InlineData("7 2 1 56", 7168, 28672)]
    [InlineData("4 4 2 56", 28672, 7168)]
    [InlineData("3 5 2 7", 4096, 4096, 1024, 1024)]
    [InlineData("7 2 1 32", 4096, 14336, 14336)]
    [InlineData("2 8 2 14", 14336, 4096)]
    public void Weights_occupy_the_multiprocessors_evenly_and_read_little_of_x(string expected, int inputs, params int[] outputs)
    {
        var division = StreamedDivision.For([.. outputs.Select(o => new PackedShape(o, inputs, 64))], 132);
        Assert.Equal(expected, $"{division.Pairs} {division.Teams} {division.Blocks} {division.Share}");
    }

    [Fact]
    public void Any_weight_is_divided_whole()
    {
        foreach (var (outputs, inputs) in ((int, int)[])[(1, 8), (20, 24), (96, 1000), (1024, 4096), (50272, 4096), (128256, 4096)])
        {
            foreach (var (group, multiprocessors) in ((int, int)[])[(32, 132), (64, 114), (128, 78)])
            {
                var shape = new PackedShape(outputs, inputs, group);
                var division = StreamedDivision.For([shape], multiprocessors);
                Assert.InRange(division.Pairs * division.Teams, 8, 16);
                Assert.True(division.Share * division.Teams * division.Blocks >= shape.Groups);
                Assert.True(division.RowBlocks(shape) * division.Pairs * 32 >= outputs);
            }
        }
    }
}
