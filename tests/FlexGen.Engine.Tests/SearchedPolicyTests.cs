using System.Globalization;
using FlexGen.Engine.Tests.Models;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;

namespace FlexGen.Engine.Tests;

public class SearchedPolicyTests
{
    /// <summary>40 MB of weights: more than what a refusal's two digits may add.</summary>
    private const string Config = """
        {"architectures": ["OPTForCausalLM"], "vocab_size": 100, "hidden_size": 256, "num_hidden_layers": 12, "ffn_dim": 1024,
         "num_attention_heads": 4, "max_position_embeddings": 64, "eos_token_id": 2}
        """;

    [Fact]
    public async Task A_model_that_fits_nowhere_whole_runs_from_disk_under_the_policy_that_is_searched_and_says_the_same()
    {
        using var folder = new TemporaryFolder();
        RandomCheckpoint.Write(folder.Path, Config);
        var t4 = KnownHardware.Find("t4")!.ToProfile();
        var auto = new AutoPolicy((_, _) => t4 with { Compute = t4.Compute with { IsGpu = false } }, Workload.Uniform(12, 8, 6));
        var resident = new EngineOptions { Device = "cpu", DataType = "float32", GpuBatchSize = 6, MaxSequenceLength = 24, DiskDirectory = folder.Path };
        var (expected, _) = await GenerateAsync(folder.Path, resident);

        var refused = Assert.Throws<EngineException>(() => OffloadEngine.Load(folder.Path, resident with { Auto = auto, HostMemory = 1 << 29 })).Message;
        var enough = double.Parse(refused.Split("would have to be ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        var (actual, engine) = await GenerateAsync(folder.Path, resident with { Auto = auto, HostMemory = (long)(enough * (1L << 30)) });
        Assert.True(engine.Policy.Weights.Disk > 0, $"{engine.Policy}");
        Assert.Equal(expected, actual);
        var read = engine.Work[Resource.DiskReads];
        Assert.True(read is { Bytes: > 1 << 20, BytesPerSecond: > 0 }, $"{read}");
    }

    [Fact]
    public async Task Several_devices_run_under_the_policy_that_is_searched_for_them_and_say_the_same()
    {
        using var folder = new TemporaryFolder();
        RandomCheckpoint.Write(folder.Path, Config);
        var t4 = KnownHardware.Find("t4")!.ToProfile();
        var auto = new AutoPolicy((_, _) => t4 with { Compute = t4.Compute with { IsGpu = false } }, Workload.Uniform(12, 8, 6));
        var one = new EngineOptions { Device = "cpu", DataType = "float32", GpuBatchSize = 6, MaxSequenceLength = 24, DiskDirectory = folder.Path };
        var (expected, _) = await GenerateAsync(folder.Path, one);
        var (actual, engine) = await GenerateAsync(folder.Path, one with { Device = "cpu,cpu", GpuBatchSize = null, Auto = auto });
        Assert.Equal(2, engine.Plan.Device.Count);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task Attention_in_host_memory_is_counted()
    {
        using var folder = new TemporaryFolder();
        RandomCheckpoint.Write(folder.Path, Config);
        var (_, engine) = await GenerateAsync(folder.Path, new()
        {
            Device = "cpu",
            DataType = "float32",
            GpuBatchSize = 6,
            MaxSequenceLength = 24,
            Cache = new(0, 100),
            AttentionOnHost = 100,
        });
        // The seven tokens after the first see 5 to 11 each.
        var (shape, seen) = (engine.Shape, 6L * Enumerable.Range(5, 7).Sum());
        var work = engine.Work[Resource.HostAttention];
        Assert.Equal(2 * seen * shape.DecoderLayers * shape.KvHeads * shape.HeadDim * sizeof(float), work.Bytes);
        Assert.True(work.Busy > TimeSpan.Zero, $"{work}");
    }

    private static async Task<(int[][] Tokens, OffloadEngine Engine)> GenerateAsync(string folder, EngineOptions options)
    {
        using var engine = OffloadEngine.Load(folder, options);
        var sequences = await engine.GenerateAllAsync(
            [.. Enumerable.Range(0, 6).Select(n => new GenerationRequest([3 + n, 7, 11 + n, 5], SamplingOptions.Greedy) { MaxNewTokens = 8, IgnoreEos = true })]);
        return ([.. sequences.Select(s => s.TokenIds.ToArray())], engine);
    }
}
