using CsCheck;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class PolicyPlanTests(ITestOutputHelper output)
{
    [Fact]
    public void The_sums_are_those_of_the_pieces() => Plans.All.Sample((model, policy, device) =>
    {
        PolicyPlan plan = new(model, policy, device);
        var pieces = TierBytes.Of(plan.Pieces);
        foreach (var tier in Enum.GetValues<Tier>())
        {
            Assert.Equal(pieces[tier], plan.Bytes[tier]);
            Assert.All(Enum.GetValues<Purpose>(), purpose => Assert.Equal(pieces[tier, purpose], plan.Bytes[tier, purpose]));
        }
    });

    [Fact]
    public void What_is_placed_on_disk_fills_one_file_after_another_in_whole_sectors() => Plans.All.Sample((model, policy, device) =>
    {
        PolicyPlan plan = new(model, policy, device);
        long[] files = [.. plan.Stages.SelectMany(s => s.Cache.Shares.Select(p => p.FileBytes).Prepend(s.Weights.FileBytes)), plan.Hidden.FileBytes];
        Assert.Equal(files.Sum(), plan.Bytes[Tier.Disk]);
        var (file, end) = (0, 0L);
        foreach (var piece in plan.Placed.Where(p => p.Tier == Tier.Disk))
        {
            for (; end == files[file] && piece.Offset == 0; file++)
            {
                end = 0;
            }

            Assert.Equal(end, piece.Offset);
            Assert.Equal(0, piece.Bytes % Sector.Bytes);
            end += piece.Bytes;
        }
    });

    [Fact]
    public void A_plan_of_any_size_has_a_sum()
    {
        var policy = new Policy(int.MaxValue, int.MaxValue, 100) { Cache = new(0, 50), Hidden = new(0, 0) };
        Assert.True(new PolicyPlan(Plans.Model(2, 4, 4, ElementFormat.F32), policy, new(true)).Bytes[Tier.Disk] > 1e22);
    }

    [Fact]
    public void Planning_takes_next_to_no_memory()
    {
        var model = Plans.Model(96, 96, 96, ElementFormat.F16);
        var policy = new Policy(64, 16, 2048) { Weights = new(20, 50), Cache = new(30, 30), Hidden = new(50, 50), AttentionOnHost = 50 };
        var sum = new PolicyPlan(model, policy, new(true)).Bytes[Tier.Gpu];
        var (start, before) = (TimeProvider.System.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        const int times = 1000;
        for (var n = 0; n < times; n++)
        {
            sum -= new PolicyPlan(model, policy, new(true)).Bytes[Tier.Gpu] / times;
        }

        output.WriteLine($"{TimeProvider.System.GetElapsedTime(start).TotalMicroseconds / times:0.0} us");
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / times, 0, 8 << 10);
        Assert.Equal(0, sum, 1.0);
    }
}
