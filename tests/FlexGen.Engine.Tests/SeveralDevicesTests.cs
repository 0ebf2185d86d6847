using FlexGen.Engine.Profiling;
using FlexGen.Engine.Tests.Support;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning;

namespace FlexGen.Engine.Tests;

/// <summary>Layers that go in turns to several compute devices.</summary>
[Collection(nameof(Alone))]
public class SeveralDevicesTests
{
    private const string ThreeLayers = "qwen2-sliding";
    private static readonly Placement disk = new(0, 0), mixed = new(34, 33);
    private static readonly EngineOptions three = new()
    {
        Device = "cpu,cpu,cpu",
        DataType = "float32",
        GpuBatchSize = 3,
        GpuBatchCount = 4,
        MaxSequenceLength = 64,
        DiskDirectory = Path.GetTempPath(),
    };

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 100)]
    [InlineData(false, 50)]
    public async Task Three_devices_generate_what_one_does(bool overlap, double attentionOnHost)
    {
        Placement[] placements = [Placement.AllGpu, new(0, 100), disk, mixed];
        var expected = await GenerateAsync(three with { Device = "cpu" });
        foreach (var (placement, n) in placements.Select((p, n) => (p, n)))
        {
            var actual = await GenerateAsync(three with
            {
                Overlap = overlap,
                AttentionOnHost = attentionOnHost,
                Weights = placement,
                Cache = placements[(n + 1) % placements.Length],
                Hidden = placements[(n + 2) % placements.Length],
            });
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData("cuda:0,cuda:1", true)]
    [InlineData("cuda:0,cuda:1", false)]
    [InlineData("cuda:all", true)]
    public async Task Several_GPUs_generate_what_one_does_whether_they_reach_each_other_or_not(string devices, bool peerAccess)
    {
        Assert.SkipUnless(TorchSharp.torch.cuda.device_count() > 1, "no two GPUs");
        foreach (var placement in new[] { Placement.AllGpu, new(0, 100), mixed })
        {
            var kept = three with { Weights = placement, Cache = placement, Hidden = placement, AttentionOnHost = 50 };
            Assert.Equal(await GenerateAsync(kept with { Device = "cuda:0" }), await GenerateAsync(kept with { Device = devices, PeerAccess = peerAccess }));
        }
    }

    [Fact]
    public void The_way_from_GPU_to_GPU_is_measured()
    {
        Assert.SkipUnless(TorchSharp.torch.cuda.device_count() > 1, "no two GPUs");
        var profile = MachineProfiler.Measure(new() { Quick = true, DiskDirectory = Path.GetTempPath() });
        Assert.Equal(TorchSharp.torch.cuda.device_count(), profile.DeviceCount);
        Assert.InRange(profile.Devices!.HandOverSeconds, 1e-6, 1e-3);
        Assert.InRange(profile.Devices.HandOverRate, 1e9, 1e12);
        Assert.InRange(profile.Devices.HostRate, profile.Links.HostToGpu.Alone, 2e12);
    }

    [Fact]
    public void Each_device_has_its_layers_its_buffers_and_its_share_of_the_cache_and_nothing_is_left()
    {
        var before = (HostMemory.AllocatedBytes, DirectFile.ReservedBytes);
        using (var loaded = LoadedModel.Load(Reference.File(ThreeLayers), three with { Weights = mixed, Cache = mixed }))
        {
            var (map, plan) = (loaded.Plan.Map, loaded.Plan);
            // The head is the embedding, and with it.
            Assert.Equal([[0, 3, 4], [1], [2]], plan.Stages.Select(s => s.Layers));
            Assert.All(plan.Stages.SelectMany(s => s.Cache.Shares), share => Assert.Single(share.Layers));
            Assert.All(plan.Stages, stage => Assert.Equal(stage.Layers.Max(l => plan.Layers[l].ImageBytes), stage.Weights.BufferBytes));
            Assert.Equal([0, 1, 2, 0, 0], Enumerable.Range(0, 5).Select(map.Of));
        }

        Assert.Equal(before, (HostMemory.AllocatedBytes, DirectFile.ReservedBytes));
    }

    [Theory]
    [InlineData("cpu,cpu,cpu,cpu", "Device names 4 devices, but Qwen2 has 3 layers; name at the most as many")]
    [InlineData("cpu,cuda:0", "cpu,cuda:0")]
    [InlineData("cpu,gpu", "Device is 'cpu,gpu'; use auto, cpu or cuda:0 (1, 2, ...), several of one kind with commas between them, or cuda:all")]
    public void Devices_that_do_not_go_together_are_refused(string devices, string expected)
    {
        var refused = Assert.Throws<EngineException>(() => OffloadEngine.Load(Reference.File(ThreeLayers), three with { Device = devices }));
        Assert.Contains(expected == devices ? "cuda:0" : expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_is_each_device_s_and_what_does_not_fit_names_one()
    {
        using var loaded = LoadedModel.Load(Reference.File(ThreeLayers), three);
        var fullest = (long)Math.Ceiling(loaded.Plan.Fullest.Bytes[Tier.Gpu]);
        using (LoadedModel.Load(Reference.File(ThreeLayers), three with { GpuMemory = fullest }))
        {
        }

        var refused = Assert.Throws<EngineException>(() => LoadedModel.Load(Reference.File(ThreeLayers), three with { GpuMemory = fullest - 1 }));
        Assert.Matches("does not fit the compute tier of cpu:[0-2]: ", refused.Message);
    }

    [Fact]
    public async Task A_device_that_fails_ends_every_sequence_by_its_name()
    {
        using var folder = new TemporaryFolder();
        using var engine = OffloadEngine.Load(Reference.File(ThreeLayers), three with { DiskDirectory = folder.Path, Weights = disk });
        var emptied = false;
        var request = new GenerationRequest([5, 6, 7], SamplingOptions.Greedy)
        {
            MaxNewTokens = 50,
            IgnoreEos = true,
            StopAfter = _ =>
            {
                if (!emptied)
                {
                    emptied = true;
                    ScratchFiles.Empty(folder.Path);
                }

                return false;
            },
        };
        var failed = await Assert.ThrowsAsync<EngineException>(() => engine.GenerateAllAsync([request, request]).WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Matches("cpu:[0-2]: weight loads cpu:[0-2] failed: ", failed.Message);
    }

    [Fact]
    public async Task A_trace_has_a_track_for_each_link()
    {
        using var trace = new Trace();
        using (var engine = OffloadEngine.Load(Reference.File(ThreeLayers), three with { Weights = disk, Trace = trace }))
        {
            await engine.GenerateAsync(new([5, 6, 7], SamplingOptions.Greedy) { MaxNewTokens = 4, IgnoreEos = true });
        }

        Assert.Superset(new HashSet<string> { "weight loads cpu:0", "weight loads cpu:1", "weight loads cpu:2" }, trace.BusyInDecode().Keys.ToHashSet());
    }

    private static async Task<int[][]> GenerateAsync(EngineOptions options)
    {
        using var engine = OffloadEngine.Load(Reference.File(ThreeLayers), options);
        var generated = await engine.GenerateAllAsync([.. Reference.Prompts(ThreeLayers).Where(p => p.TokenIds.Length < 40).Select((p, n) =>
            new GenerationRequest(p.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 3 + (n % 4 * 5), IgnoreEos = true })]);
        return [.. generated.Select(g => g.TokenIds.ToArray())];
    }
}
