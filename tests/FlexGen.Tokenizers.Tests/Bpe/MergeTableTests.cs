using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Tests.Bpe;

public class MergeTableTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public void Pairs_of_equal_ids_do_not_fall_together(int capacity)
    {
        const int pairs = 100_000;
        var table = new MergeTable(capacity);
        for (var id = 0; id < pairs; id++)
        {
            table.Add(id, id, new Merge(id, id + 1));
        }
        // By the xor of their ids all of them would have one place.
        Assert.InRange(table.LongestSearch, 1, 1000);
        Assert.All(Enumerable.Range(0, pairs), id => Assert.True(table.TryGet(id, id, out var merge) && merge == new Merge(id, id + 1)));
        Assert.False(table.TryGet(0, 1, out _));
    }

    [Fact]
    public void Of_a_pair_that_comes_twice_the_last_holds()
    {
        var table = new MergeTable(1);
        table.Add(1, 2, new Merge(5, 6));
        table.Add(1, 2, new Merge(7, 8));
        Assert.True(table.TryGet(1, 2, out var merge));
        Assert.Equal(new Merge(7, 8), merge);
    }
}
