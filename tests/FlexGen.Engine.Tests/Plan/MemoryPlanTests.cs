using FlexGen.Engine.Models;
using FlexGen.Engine.Plan;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Plan;

public class MemoryPlanTests
{
    private const long GiB = 1L << 30;
    private static readonly EngineOptions options = new()
    {
        Device = "cpu",
        GpuBatchSize = 8,
        GpuBatchCount = 2,
        MaxSequenceLength = 256,
        HostMemory = 64 * GiB,
        DiskDirectory = Path.GetTempPath(),
    };

    [Fact]
    public void A_plan_that_does_not_fit_host_memory_names_what_takes_it_and_the_setting()
    {
        var message = Refusal("opt-1.3b", options with { HostMemory = 2 * GiB });
        Assert.Contains("does not fit host memory", message, StringComparison.Ordinal);
        Assert.Contains("weights 4.9", message, StringComparison.Ordinal);
        Assert.Contains("HostMemory is 2.00 GiB", message, StringComparison.Ordinal);
        Assert.Contains("Shares", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_GPU_the_GPU_s_budget_bounds_the_compute_tier_and_the_host_s_everything()
    {
        var onHost = options with { Weights = new(0, 100), Cache = new(0, 100), Hidden = new(0, 100), GpuMemory = 2 * GiB };
        Choose("opt-1.3b", onHost);
        Assert.Contains("does not fit the compute tier", Refusal("opt-1.3b", options with { GpuMemory = 2 * GiB }), StringComparison.Ordinal);
        Assert.Contains("GpuMemory is 0.50 GiB", Refusal("opt-1.3b", onHost with { GpuMemory = GiB / 2 }), StringComparison.Ordinal);
        Assert.Contains("HostMemory is 5.00 GiB", Refusal("opt-1.3b", onHost with { HostMemory = 5 * GiB }), StringComparison.Ordinal);
        Choose("opt-1.3b", onHost with { HostMemory = 4 * GiB, Weights = new(0, 0) });
    }

    [Fact]
    public void A_disk_without_room_is_refused_before_anything_is_written()
    {
        var message = Refusal("opt-175b", options with { Weights = new(0, 0), Cache = new(0, 0), GpuBatchSize = 64, GpuBatchCount = 1024, MaxSequenceLength = 2048, HostMemory = 1_000_000 * GiB });
        Assert.Contains("does not fit the disk", message, StringComparison.Ordinal);
        Assert.Contains($"{options.DiskDirectory} has free", message, StringComparison.Ordinal);
        Assert.Contains("DiskDirectory", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_memory_counts_as_memory_and_a_warning_says_so()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "NOT TESTED: there is no /dev/shm");
        var onDisk = options with { Weights = new(0, 0), HostMemory = 2 * GiB };
        Choose("opt-125m", onDisk with { HostMemory = 3 * GiB / 2 });
        Assert.Null(MemoryPlan.Warning(onDisk));
        var inMemory = onDisk with { DiskDirectory = "/dev/shm/scratch" };
        Choose("opt-125m", inMemory);
        Assert.Contains("scratch files in /dev/shm/scratch, which is tmpfs 0.6", Refusal("opt-125m", inMemory with { HostMemory = 3 * GiB / 2 }), StringComparison.Ordinal);
        Assert.Contains("/dev/shm/scratch is tmpfs: what rests on disk takes memory there", MemoryPlan.Warning(inMemory)!.ToString(), StringComparison.Ordinal);
        Assert.Null(MemoryPlan.Warning(inMemory with { Weights = Placement.AllGpu }));
    }

    [Fact]
    public void The_disk_s_folder_is_everybody_s_where_none_is_named() =>
        Assert.Equal(Path.GetTempPath().TrimEnd('/'), new EngineOptions().DiskDirectory);

    [Theory]
    [InlineData(100, 0)]
    [InlineData(0, 100)]
    [InlineData(50, 25)]
    public void The_budget_that_is_needed_is_enough_and_a_byte_less_is_not(double gpu, double host)
    {
        Placement placement = new(gpu, host);
        var asked = options with { Weights = placement, Cache = placement, Hidden = placement };
        var plan = Choose("opt-125m", asked);
        var bytes = (long)Math.Ceiling(plan.Bytes[Tier.Gpu] + plan.Bytes[Tier.Host]);
        Choose("opt-125m", asked with { HostMemory = bytes });
        Refusal("opt-125m", asked with { HostMemory = bytes - 1 });
    }

    [Fact]
    public void A_batch_size_that_is_not_given_is_the_largest_that_all_budgets_leave()
    {
        var asked = options with { GpuBatchSize = null, Cache = new(0, 100), HostMemory = 2 * GiB };
        var slots = Choose("opt-125m", asked).Policy.GpuBatchSize;
        Assert.InRange(slots, 2, 63);
        Choose("opt-125m", asked with { GpuBatchSize = slots });
        Refusal("opt-125m", asked with { GpuBatchSize = slots + 1 });
    }

    [Fact]
    public void A_decode_that_rests_on_the_GPU_is_recorded_where_there_is_room_for_it()
    {
        var model = PublishedShapes.Create("opt-6.7b").Outline(ElementFormat.F16);
        var asked = options with { GpuBatchCount = 1, MaxSequenceLength = 544, GpuMemory = 16 * GiB };
        PolicyPlan OnGpu(EngineOptions o) => MemoryPlan.Choose(model, ScalarType.Float16, [new(TorchSharp.DeviceType.CUDA, 0)], o, new(64 * GiB, 80 * GiB));
        var plan = OnGpu(asked);
        Assert.True(plan.RecordsDecode);
        var bytes = (long)Math.Ceiling(plan.Bytes[Tier.Gpu]);
        Assert.True(OnGpu(asked with { GpuMemory = bytes }).RecordsDecode);
        Assert.False(OnGpu(asked with { GpuMemory = bytes - 1 }).RecordsDecode);
        Assert.False(OnGpu(asked with { Overlap = false }).RecordsDecode);
    }

    [Fact]
    public void A_refusal_names_all_that_the_plan_counts()
    {
        var asked = options with { Weights = new(50, 25), Cache = new(40, 30), Hidden = new(0, 50), AttentionOnHost = 50, HostMemory = GiB / 4 };
        var message = Refusal("opt-125m", asked);
        var plan = Choose("opt-125m", asked with { HostMemory = 64 * GiB });
        var amounts = System.Text.RegularExpressions.Regex.Match(message, @"it takes (?<all>[0-9.]+) GiB there \((?<each>[^)]*)\)").Groups;
        Assert.Equal($"{(plan.Bytes[Tier.Gpu] + plan.Bytes[Tier.Host]) / GiB:0.00}", amounts["all"].Value);
        Assert.Equal(
            ["weights", "two layers of streamed weights", "KV cache", "activations", "hidden states", "staging", "the process itself"],
            amounts["each"].Value.Split(", ").Select(item => item[..item.LastIndexOf(' ')]));
    }

    [Fact]
    public void A_budget_above_what_the_machine_has_is_not_enough()
    {
        var asked = options with { HostMemory = 64 * GiB, GpuMemory = 70 * GiB };
        MemoryPlan.Machine memory = new(HostBytes: 4 * GiB, GpuBytesFree: 3 * GiB, GpuBytesInUse: GiB / 2);
        Assert.Contains("does not fit host memory", Refusal("opt-1.3b", asked, memory), StringComparison.Ordinal);
        Assert.Contains("this machine has 4.00 GiB and would have to be ", Refusal("opt-1.3b", asked, memory), StringComparison.Ordinal);
        Assert.Contains(" more. Run it on a machine with more, lower ", Refusal("opt-1.3b", asked, memory), StringComparison.Ordinal);
        var onGpu = Assert.Throws<EngineException>(() =>
            MemoryPlan.Choose(PublishedShapes.Create("opt-1.3b").Outline(ElementFormat.F32), ScalarType.Float32, [new(TorchSharp.DeviceType.CUDA, 0)], asked, memory)).Message;
        Assert.Contains("does not fit GPU memory", onGpu, StringComparison.Ordinal);
        Assert.Matches("this process can have 3.50 GiB and would have to be [0-9.]+ GiB, [0-9.]+ more. End what else uses the GPU", onGpu);
    }

    private static PolicyPlan Choose(string shape, EngineOptions options, MemoryPlan.Machine? memory = null) =>
        MemoryPlan.Choose(PublishedShapes.Create(shape).Outline(ElementFormat.F32), ScalarType.Float32, [CPU], options, memory ?? new(2_000_000 * GiB));

    private static string Refusal(string shape, EngineOptions options, MemoryPlan.Machine? memory = null) =>
        Assert.Throws<EngineException>(() => Choose(shape, options, memory)).Message;
}
