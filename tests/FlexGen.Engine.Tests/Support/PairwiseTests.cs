using CsCheck;

namespace FlexGen.Engine.Tests.Support;

public class PairwiseTests
{
    [Fact]
    public void Every_two_values_of_different_factors_meet_in_few_rows() => Gen.Int[1, 6].Array[2, 6].Sample(values =>
    {
        var rows = Pairwise.Rows(values);
        Assert.All(Pairwise.Pairs(values), p => Assert.Contains(rows, r => r[p.Factor] == p.Value && r[p.Other] == p.OtherValue));
        var fewest = values.OrderDescending().Take(2).Aggregate((a, b) => a * b);
        Assert.InRange(rows.Count, fewest, 2 * fewest + values.Length);
    });
}
