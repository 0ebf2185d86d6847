using CsCheck;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class CachePlanTests
{
    private static readonly ModelShape shape = Plans.Model(3, 4, 2, ElementFormat.F32).Shape;

    [Fact]
    public void The_shares_have_each_slot_once() => Plans.All.Sample((model, policy, device) =>
    {
        var shares = new CachePlan(model.Shape, model.Format, policy, device).Shares;
        Assert.Equal(Enumerable.Range(0, policy.GpuBatchSize), shares.SelectMany(p => Enumerable.Range(p.FirstSlot, p.Slots)));
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        Assert.Equal((gpu, host, disk), (Of(Tier.Gpu), Of(Tier.Host), Of(Tier.Disk)));
        Assert.Equal(policy.BroughtToGpu(host) + policy.BroughtToGpu(disk), shares.Where(p => p.BroughtTo == Tier.Gpu).Sum(p => p.Slots));

        int Of(Tier tier) => shares.Where(p => p.Home == tier).Sum(p => p.Slots);
    });

    [Theory]
    [InlineData(100, 0, 0, null)]
    [InlineData(0, 100, 0, Tier.Gpu)]
    [InlineData(0, 100, 100, null)]
    [InlineData(0, 0, 0, Tier.Gpu)]
    [InlineData(0, 0, 100, Tier.Host)]
    public void A_share_is_brought_to_where_it_is_attended_to(double gpu, double host, double attention, Tier? to)
    {
        var share = Assert.Single(new CachePlan(shape, ElementFormat.F32, new Policy(5, 2, 30) { Cache = new(gpu, host), AttentionOnHost = attention }, new(true)).Shares);
        Assert.Equal((to, to is null ? 0 : 2), (share.BroughtTo, share.Buffers));
    }

    [Fact]
    public void A_slab_is_as_large_as_its_tokens_and_on_disk_and_in_buffers_has_whole_sectors()
    {
        var policy = new Policy(5, 2, 30) { AttentionOnHost = 100 };
        const double slab = 30 * 5 * 2 * 20 * sizeof(float);
        Assert.Equal(12 * slab, Bytes(policy with { Cache = new(0, 100) }, Tier.Host, Purpose.Cache));
        var aligned = Sector.Align((long)slab);
        Assert.True(aligned > slab);
        Assert.Equal(12 * aligned, Bytes(policy with { Cache = new(0, 0) }, Tier.Disk, Purpose.Cache));
        Assert.Equal(4 * aligned, Bytes(policy with { Cache = new(0, 0) }, Tier.Host, Purpose.Cache));

        static double Bytes(Policy policy, Tier tier, Purpose purpose) => new CachePlan(shape, ElementFormat.F32, policy, default).Bytes[tier, purpose];
    }

    [Fact]
    public void Beside_a_GPU_rows_are_exchanged_with_attention_in_host_memory_and_bytes_pass_through_pinned_memory()
    {
        var policy = new Policy(5, 2, 30) { Cache = new(0, 100), AttentionOnHost = 100 };
        var (onCpu, onGpu) = (new CachePlan(shape, ElementFormat.F32, policy, new(false)), new CachePlan(shape, ElementFormat.F32, policy, new(true)));
        Assert.Equal(2 * ((4 * 20 * sizeof(float)) + (2 * 20 * sizeof(float))), onGpu.Shares[0].RowBytes);
        Assert.Equal((2 * 8192) + (32 << 20), onGpu.Bytes[Tier.Host, Purpose.Staging]);
        Assert.Equal(0, onCpu.Bytes[Tier.Host, Purpose.Staging]);
        Assert.Equal((0, 0.0), (onGpu.Kernel.Slots, onGpu.Bytes[Tier.Gpu]));
    }

    [Fact]
    public void The_decode_kernel_has_partial_results_for_the_most_slots_that_decode_on_the_GPU_at_once()
    {
        var large = new ModelShape("large", 1, 4096, 32, 8, 128, 1, 8192);
        var plan = new CachePlan(large, ElementFormat.F16, new Policy(64, 2, 4096) { Cache = new(50, 50), AttentionOnHost = 50 }, new(true));
        Assert.Equal(32, plan.Kernel.Slots);
        Assert.Equal((4096 / 512 * 32 * 32 * (128 + 2) * 4) + (32 * 8 * 4), plan.Bytes[Tier.Gpu, Purpose.PartialResults]);
    }
}
