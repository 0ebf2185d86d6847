using FlexGen.Engine.Cache;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache;

public class KvCacheTests
{
    [Theory]
    [InlineData(34, 33, 50, typeof(ResidentShare), typeof(HostShareInMemory), typeof(StreamedShare), typeof(HostShareOnDisk), typeof(StreamedShare))]
    [InlineData(50, 50, 0, typeof(ResidentShare), typeof(StreamedShare))]
    [InlineData(0, 0, 100, typeof(HostShareOnDisk))]
    [InlineData(100, 0, 100, typeof(ResidentShare))]
    public void Each_share_of_the_plan_is_of_the_class_of_its_home_and_its_place_of_attention(double gpu, double host, double attention, params Type[] expected)
    {
        var policy = new Policy(6, 2, 8) { Cache = new(gpu, host), AttentionOnHost = attention };
        var plan = new CachePlan(PublishedShapes.Create("opt-125m").Outline(DataTypes.Format(ScalarType.Float32)), policy, default);
        using var cache = new KvCache(plan, ScalarType.Float32, new Tiers(CPU, Path.GetTempPath()));
        Assert.Equal(expected, cache.Shares.Select(s => s.GetType()));
    }
}
