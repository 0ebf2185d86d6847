using FlexGen.Engine.Kernels.Cuda;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class PackedTilingTests
{
    [Theory]
    [InlineData(1, 64, 232448, "1 4 4 128 4 1")]
    [InlineData(16, 64, 232448, "2 4 4 128 4 1")]
    [InlineData(17, 32, 232448, "4 4 4 128 3 0")]
    [InlineData(64, 128, 232448, "8 4 2 128 3 0")]
    [InlineData(65, 64, 232448, "8 8 1 128 4 0")]
    [InlineData(64, 64, 166912, "8 4 2 64 3 0")]
    [InlineData(8, 64, 101376, "1 4 4 128 2 1")]
    [InlineData(32, 64, 101376, "4 2 4 64 3 0")]
    [InlineData(8, 64, 65536, "1 4 4 64 2 1")]
    public void It_is_the_best_that_a_GPU_has_the_shared_memory_for(int rows, int group, int limit, string expected)
    {
        var (tiling, macros, bytes) = PackedTiling.For(PackedTiling.Index(rows), group, limit);
        string[] names = ["TILES", "PAIRS", "TEAMS", "STEP", "STAGES", "OWN"];
        Assert.Equal(expected, string.Join(' ', names.Select(n => macros[n])));
        Assert.Equal((tiling.Tiles * 8, tiling.Pairs * tiling.Teams * 32), (tiling.Columns, tiling.Threads));
        Assert.InRange(bytes, limit / 3, limit);
    }

    [Fact]
    public void Every_group_that_is_packed_to_goes_with_every_GPU()
    {
        foreach (var limit in (int[])[65536, 101376, 166912, 232448])
        {
            foreach (var group in (int[])[32, 64, 128])
            {
                foreach (var rows in (int[])[1, 9, 17, 33, 65, 128])
                {
                    Assert.InRange(PackedTiling.For(PackedTiling.Index(rows), group, limit).SharedBytes, 1, limit);
                }
            }
        }

        var error = Assert.Throws<InvalidOperationException>(() => PackedTiling.For(0, 4096, 65536));
        Assert.Contains("groups of 4096", error.Message);
    }
}
