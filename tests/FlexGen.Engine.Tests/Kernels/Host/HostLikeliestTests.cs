using FlexGen.Engine.Kernels.Host;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Host;

public class HostLikeliestTests
{
    private const int NotFinite = -1;

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void It_is_the_first_of_the_largest(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var (rows, vocabulary) in new[] { (1, 1), (1, 7), (3, 1023), (5, 32_000), (9, 50_273) })
        {
            // Of bfloat16 many are equal.
            var logits = (randn(rows, vocabulary) * 4).to(type);
            Assert.Equal(logits.to(ScalarType.Float32).max(-1).indexes.data<long>(), HostLikeliest.Of(logits, NotFinite).data<long>());
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Logits_that_are_not_numbers_have_none_and_do_not_touch_other_rows(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach (var place in new[] { 0, 5, 1500, 2002 })
        {
            var logits = zeros(5, 2003, type);
            logits[0, place] = float.NaN;
            logits[1, place] = float.PositiveInfinity;
            logits[2, place] = float.NegativeInfinity;
            logits[3] = float.NegativeInfinity;
            logits[4, place] = 1;
            Assert.Equal([NotFinite, NotFinite, place == 0 ? 1 : 0, NotFinite, place], HostLikeliest.Of(logits, NotFinite).data<long>().ToArray());
        }
    }
}
