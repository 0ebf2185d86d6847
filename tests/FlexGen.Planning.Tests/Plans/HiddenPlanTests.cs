using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class HiddenPlanTests
{
    [Fact]
    public void Micro_batches_rest_on_the_compute_device_first_then_in_host_memory_then_on_disk()
    {
        var plan = new HiddenPlan(Plans.Model(1, 2, 2, ElementFormat.F32).Shape, ElementFormat.F32, new Policy(3, 4, 50) { Hidden = new(25, 25) });
        var home = Sector.Align(150 * 40 * sizeof(float));
        Assert.Equal([(Tier.Gpu, 0), (Tier.Host, 0), (Tier.Disk, 0), (Tier.Disk, home)], Enumerable.Range(0, 4).Select(plan.Home));
        Assert.Equal((home, 2 * home), (plan.HomeBytes, plan.FileBytes));
        Assert.Equal((0, home + (2 * plan.StagingBytes), 2 * home), (plan.Bytes[Tier.Gpu], plan.Bytes[Tier.Host], plan.Bytes[Tier.Disk]));
    }

    [Fact]
    public void Nothing_is_placed_where_all_stay_on_the_compute_device() =>
        Assert.Empty(new HiddenPlan(Plans.Model(1, 2, 2, ElementFormat.F32).Shape, ElementFormat.F32, new Policy(3, 4, 50)).Pieces);
}
