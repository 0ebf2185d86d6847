using FlexGen.Engine.Models;
using FlexGen.Engine.Tests.Models;
using FlexGen.Engine.Tests.Support;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Plan;

[Collection(nameof(Alone))]
[Trait("Category", "Long")]
public sealed class ActivationMemoryTests(ITestOutputHelper output) : IDisposable
{
    private const int Slots = 8, Length = 1024;

    /// <summary>What libtorch, the C library and the runtime take meanwhile for themselves.</summary>
    private const long Tolerance = 12 << 20;

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, ScalarType, bool, int> Cases =>
    [
        .. from family in new[] { "OPT", "Llama", "Qwen3" }
           from type in new[] { ScalarType.Float32, ScalarType.BFloat16 }
           from resident in new[] { true, false }
           select (family, type, resident, 2),
        ("Mistral", ScalarType.Float32, true, 2),
        ("OPT", ScalarType.Float32, false, 9),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Prompts_that_fill_a_pass_take_no_more_than_the_plan_says_and_not_much_less(string family, ScalarType type, bool resident, int batches)
    {
        RandomCheckpoint.Write(folder.Path, Config(family), type);
        var place = resident ? Placement.AllGpu : new(0, 100);
        using var engine = OffloadEngine.Load(folder.Path, new()
        {
            Device = "cpu",
            DataType = type == ScalarType.Float32 ? "float32" : "bfloat16",
            GpuBatchSize = Slots,
            GpuBatchCount = batches,
            MaxSequenceLength = Length,
            Cache = place,
            Hidden = place,
            DiskDirectory = folder.Path,
        });
        var model = ModelFamily.Create(RandomCheckpoint.Json(Config(family)), _ => true);
        var planned = new WorkspacePlan(model.Outline(DataTypes.Format(type)), engine.Policy, default).Bytes[Tier.Gpu, Purpose.Activations];
        await Prefill(engine, batches);
        GC.Collect();
        var before = Status("VmRSS");
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5", TestContext.Current.CancellationToken);
        await Prefill(engine, batches);
        var measured = Status("VmHWM") - before;
        output.WriteLine($"{family} {type} {(resident ? "resident" : "at home")} x {batches}: {measured >> 20} MiB of {(long)planned >> 20} planned");
        Assert.InRange(measured, planned / 3, planned + Tolerance);
    }

    public void Dispose() => folder.Dispose();

    private static Task<GeneratedSequence[]> Prefill(OffloadEngine engine, int batches) => engine.GenerateAllAsync([.. Enumerable.Range(0, batches * Slots).Select(n =>
        new GenerationRequest([.. Enumerable.Range(0, Length - 1).Select(t => (t * (n + 7)) % 500)], SamplingOptions.Greedy) { MaxNewTokens = 1 })]);

    private static long Status(string field) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith($"{field}:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        System.Globalization.CultureInfo.InvariantCulture);

    private static string Config(string family) => $$"""
        {"architectures": ["{{family}}ForCausalLM"], "vocab_size": 512, "hidden_size": 256, "num_hidden_layers": 2, "ffn_dim": 1024, "intermediate_size": 896,
         "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 32, "max_position_embeddings": {{Length}}, "sliding_window": 256, "eos_token_id": 2}
        """;
}
