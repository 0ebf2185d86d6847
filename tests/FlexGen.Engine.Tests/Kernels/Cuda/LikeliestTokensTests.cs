using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class LikeliestTokensTests(ITestOutputHelper output)
{
    private const int NotFinite = -1, None = -2;

    [Theory]
    [InlineData(ScalarType.Float16, 5, 128256)]
    [InlineData(ScalarType.BFloat16, 3, 50272)]
    [InlineData(ScalarType.Float32, 4, 32000)]
    [InlineData(ScalarType.Float16, 7, 50257)]
    [InlineData(ScalarType.Float32, 2, 90)]
    [InlineData(ScalarType.BFloat16, 3, 1)]
    public void The_first_of_the_largest_is_taken_of_all_and_of_those_that_a_mask_allows(ScalarType type, int count, int vocabulary)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var kernel = new LikeliestTokens(type);
        // In float16 many of them are equal.
        var logits = randn(count, vocabulary).to(type).cuda();
        var words = (vocabulary + 31) / 32;
        var allowed = randint(0, 2, new long[] { count, words * 32 }, dtype: ScalarType.Int32);
        allowed[.., vocabulary..] = 0;
        allowed[0, ..] = 0;
        allowed[0, vocabulary - 1] = 1;
        var masks = Words(allowed);
        var places = Enumerable.Range(0, count).Select(n => (Row: (n + 1) % count, Mask: n)).ToArray();

        Assert.Equal(logits.to(ScalarType.Float32).argmax(-1).cpu().data<long>(), kernel.Of(logits, NotFinite).cpu().data<long>());
        var found = kernel.Of(logits, Places(places), masks.Address(), None).cpu().data<long>().ToArray();
        for (var n = 0; n < count; n++)
        {
            var row = logits[places[n].Row].cpu().to(ScalarType.Float32).masked_fill(allowed[places[n].Mask, ..vocabulary].eq(0), float.NegativeInfinity);
            Assert.Equal(row.isneginf().all().item<bool>() ? None : row.argmax().item<long>(), found[n]);
        }
    }

    [Fact]
    public void What_is_not_finite_is_told_and_what_is_impossible_is_not_taken()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var kernel = new LikeliestTokens(ScalarType.Float16);
        var logits = arange(5 * 64).view(5, 64).to(ScalarType.Float16).cuda();
        logits[1, 7] = float.NaN;
        logits[2, 9] = float.PositiveInfinity;
        logits[3, ..] = float.NegativeInfinity;
        logits[4, 63] = float.NegativeInfinity;
        Assert.Equal([63, NotFinite, NotFinite, NotFinite, 62], kernel.Of(logits, NotFinite).cpu().data<long>());

        var allowed = ones(5, 64, dtype: ScalarType.Int32);
        allowed[4, ..] = 0;
        var found = kernel.Of(logits, Places([(3, 0), (4, 0), (0, 4), (0, 1)]), Words(allowed).Address(), None);
        Assert.Equal([None, 62, None, 63], found.cpu().data<long>());
    }

    [Fact]
    [Trait("Category", "Long")]
    public void Its_rate_is_told_beside_a_copy()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        using var kernel = new LikeliestTokens(ScalarType.Float16);
        foreach (var rows in new[] { 1, 32, 256 })
        {
            var logits = randn(rows, 128256, device: CUDA).to(ScalarType.Float16);
            var (masks, places) = (full(rows, 128256 / 32, -1, ScalarType.Int32).cuda(), Places([.. Enumerable.Range(0, rows).Select(n => (n, n))]));
            var (all, allowed, library) = (Seconds(() => kernel.Of(logits, NotFinite)), Seconds(() => kernel.Of(logits, places, masks.Address(), None)),
                Seconds(() => logits.max(-1)));
            output.WriteLine($"{rows} rows: {all * 1e6:F1} us, {rows * 128256 * 2 / all / 1e12:F2} TB/s, with masks {allowed * 1e6:F1} us; libtorch's max "
                + $"{library * 1e6:F1} us; a copy {DeviceRate.Copy() / 1e12:F2} TB/s");
        }

        static double Seconds(Action act) => DeviceRate.Seconds(_ =>
        {
            using var call = NewDisposeScope();
            act();
        });
    }

    private static Tensor Places((int Row, int Mask)[] places) => tensor([.. places.SelectMany(p => new[] { p.Row, p.Mask })]).view(-1, 2).cuda();

    /// <summary>[rows, words * 32] of 0 and 1 as bits.</summary>
    private static Tensor Words(Tensor allowed) =>
        allowed.view(allowed.shape[0], -1, 32).to(ScalarType.Int64).bitwise_left_shift(arange(32)).sum(-1).to(ScalarType.Int32).contiguous().cuda();
}
