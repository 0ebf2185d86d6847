using CsCheck;

namespace FlexGen.Planning.Tests;

public class PlacementTests
{
    private static readonly Gen<Placement> placements =
        from gpu in Gen.Double[0, 100]
        from rest in Gen.Double[0, 1]
        select new Placement(gpu, (100 - gpu) * rest);

    [Fact]
    public void Split_GivesEachThingToOneTier() => Gen.Select(placements, Gen.Int[0, 200]).Sample((placement, n) =>
    {
        var (gpu, host, disk) = placement.Split(n);
        Assert.Equal(n, gpu + host + disk);
        Assert.True(gpu >= 0 && host >= 0 && disk >= 0);
        Assert.InRange(gpu - (n * placement.Gpu / 100), -1, 1);
        Assert.InRange(host - (n * placement.Host / 100), -1, 1);
    });

    [Fact]
    public void At_FollowsTheOrderGpuHostDisk() => Gen.Select(placements, Gen.Double[0, 99.9]).Sample((placement, percent) =>
        Assert.Equal(
            percent < placement.Gpu ? Tier.Gpu : percent < placement.Gpu + placement.Host ? Tier.Host : Tier.Disk,
            placement.At(percent)));

    [Theory]
    [InlineData(100, 0, true)]
    [InlineData(0, 0, true)]
    [InlineData(60, 41, false)]
    [InlineData(-1, 50, false)]
    public void IsValid_WhenSharesAreShares(double gpu, double host, bool valid) =>
        Assert.Equal(valid, new Placement(gpu, host).IsValid);
}
