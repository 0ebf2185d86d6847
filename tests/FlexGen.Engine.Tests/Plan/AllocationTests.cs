using FlexGen.Engine.Memory;
using FlexGen.Engine.Tests.Support;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Tests.Plan;

/// <summary>What is planned is what is placed.</summary>
[Collection(nameof(Alone))]
public class AllocationTests
{
    private static readonly Placement[] placements = [new(100, 0), new(0, 100), new(0, 0), new(50, 50), new(50, 0), new(0, 50), new(34, 33)];

    public static TheoryData<string, string> Cases => new() { { "opt-pre-ln", "float32" }, { "llama-gqa-tied", "float32" }, { "llama-gqa-tied", "bfloat16" } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void On_every_tier_the_bytes_allocated_are_the_plan_s_for_every_placement(string model, string type)
    {
        var all = from weights in placements from cache in placements from hidden in placements select (weights, cache, hidden);
        foreach (var ((weights, cache, hidden), n) in all.Select((placement, n) => (placement, n)))
        {
            ExpectPlanned(model, new()
            {
                Device = n % 7 < 5 ? "cpu" : "cpu,cpu",
                DataType = type,
                Weights = weights,
                Cache = cache,
                Hidden = hidden,
                AttentionOnHost = n % 3 * 50,
                CompressWeights = (Compression)(n / 3 % 2),
                CompressCache = (Compression)(n / 6 % 2),
                // Slabs of some of these sizes are whole sectors, of others not.
                MaxSequenceLength = 16 + (n % 5),
                GpuBatchSize = 3 + (n % 4),
                GpuBatchCount = 1 + (n % 3),
                DiskDirectory = Path.GetTempPath(),
            });
        }
    }

    [Fact]
    public void Sectors_are_what_direct_files_are_aligned_to() => Assert.Equal(DirectFile.Alignment, Sector.Bytes);

    private static void ExpectPlanned(string model, EngineOptions options)
    {
        var before = Allocated();
        using (var loaded = LoadedModel.Load(Reference.File(model), options))
        {
            var (planned, now) = (TierBytes.Of(loaded.Plan.Placed), Allocated());
            // The compute device is a CPU here, whose memory is of the host. Tensors are laid over what is brought to host memory, too.
            var shares = loaded.Plan.Stages.SelectMany(s => s.Cache.Shares);
            var broughtToHost = shares.Where(s => s.BroughtTo == Tier.Host).Sum(s => s.Buffers * s.BufferBytes);
            Assert.Equal(
                (planned[Tier.Gpu] + broughtToHost, planned[Tier.Gpu] + planned[Tier.Host], planned[Tier.Disk], options),
                (now.Compute - before.Compute, now.Host - before.Host, now.Disk - before.Disk, options));
            Assert.All(Enum.GetValues<Tier>(), tier => Assert.Equal(TierBytes.Of(loaded.Plan.Pieces)[tier], loaded.Plan.Bytes[tier]));
        }

        Assert.Equal((before, options), (Allocated(), options));
    }

    private static (double Compute, double Host, double Disk) Allocated() => (ComputeMemory.AllocatedBytes, HostMemory.AllocatedBytes, DirectFile.ReservedBytes);
}
