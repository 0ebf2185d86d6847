using FlexGen.Engine.Cache;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache;

public class ScaledDotProductTests
{
    [Theory]
    [InlineData(1, 7)]
    [InlineData(3, 4)]
    [InlineData(16, 100)]
    [InlineData(512, 1024)]
    [InlineData(600, 1800)]
    public void A_windowed_prompt_is_softmax_of_the_scores_that_its_rows_see(int window, int length)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (query, key, value) = (randn(2, 3, length, 8), randn(2, 3, length, 8), randn(2, 3, length, 8));
        var mask = ScaledDotProduct.Mask(window, ScalarType.Float32, CPU);
        var (rows, keys) = WorkspacePlan.Mask(window);
        Assert.Equal([rows, keys], mask.shape);
        var found = ScaledDotProduct.Windowed(query, key, value, 0.3, window, mask);
        var visible = ones(length, length, ScalarType.Bool).tril().triu(1 - window);
        var scores = (query.to(ScalarType.Float64).matmul(key.to(ScalarType.Float64).transpose(2, 3)) * 0.3).masked_fill(visible.logical_not(), double.NegativeInfinity);
        Assert.Equal(0, (scores.softmax(-1).matmul(value.to(ScalarType.Float64)) - found).abs().max().item<double>(), 1e-5);
        mask.Dispose();
    }
}
