using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class WorkspacePlanTests
{
    private static readonly ModelOutline model = Plans.Model(2, 2, 1, ElementFormat.F16, window: 8);

    [Fact]
    public void Decodes_are_recorded_where_all_rests_on_the_compute_device_and_few_bytes_are_kept()
    {
        var policy = new Policy(4, 2, 50) { RecordsDecode = true };
        Assert.True(Plan(policy).RecordsDecode);
        Assert.False(Plan(policy with { RecordsDecode = false }).RecordsDecode);
        Assert.False(Plan(policy with { Hidden = new(0, 100) }).RecordsDecode);
        Assert.False(Plan(policy with { GpuBatchSize = 1 << 20 }).RecordsDecode);
    }

    [Fact]
    public void A_window_shorter_than_a_slot_has_a_mask_for_each_micro_batch()
    {
        var policy = new Policy(4, 2, 8);
        var (without, with) = (Activations(policy), Activations(policy with { SequenceLength = 9 }));
        var ofARow = (without - (16 * 2 * 300 * 2)) / 32;
        // The results of blocks are put together in room of their own: on a CPU that is no more than what projections take.
        Assert.Equal((16 * 2 * 300 * 2) + (36 * ofARow) + (2 * 8 * 16 * 2), with);
    }

    [Fact]
    public void A_GPU_s_context_counts()
    {
        Assert.Equal(1000 + (32 << 20), new WorkspacePlan(model, new(1, 1, 8), new(true, 1000)).Bytes[Tier.Gpu, Purpose.Context]);
        Assert.Equal(0, Plan(new(1, 1, 8)).Bytes[Tier.Gpu, Purpose.Context]);
    }

    private static WorkspacePlan Plan(Policy policy) => new(model, policy, default);

    private static double Activations(Policy policy) => Plan(policy).Bytes[Tier.Gpu, Purpose.Activations];
}
