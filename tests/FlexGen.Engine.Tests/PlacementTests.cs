using FlexGen.Planning;

namespace FlexGen.Engine.Tests;

public class PlacementTests
{
    private static readonly SamplingOptions drawn = new() { Temperature = 1.5, TopP = 0.95 };

    private static readonly Placement[] placements =
        [new(100, 0), new(0, 100), new(0, 0), new(50, 50), new(50, 0), new(0, 50), new(34, 33)];

    public static TheoryData<string, int> Cases =>
    [
        .. from model in new[] { "opt-pre-ln", "llama-gqa-tied", "qwen3", "mistral" } from seed in Enumerable.Range(0, 3) select (model, seed),
        .. from model in new[] { "opt-untied", "qwen2", "qwen2-sliding" } select (model, 1),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Tokens_and_logits_are_the_same_from_every_placement_schedule_and_attention_place(string model, int seed)
    {
        var resident = new EngineOptions { Device = "cpu", DataType = "float32", GpuBatchSize = 3, GpuBatchCount = 2, DiskDirectory = Path.GetTempPath() };
        var expected = await Generate(model, resident with { Overlap = false });
        var random = new Random(seed);
        foreach (var attention in new[] { 0, 50, 100 })
        {
            foreach (var overlap in new[] { false, true })
            {
                foreach (var cache in placements)
                {
                    var options = resident with
                    {
                        Cache = cache,
                        Weights = placements[random.Next(placements.Length)],
                        Hidden = placements[random.Next(placements.Length)],
                        AttentionOnHost = attention,
                        Overlap = overlap,
                        GpuBatchSize = 3 + seed,
                        GpuBatchCount = 1 + seed,
                        WeightPages = random.Next(2) == 0 ? null : 1 + random.Next(4),
                    };
                    await ExpectSame(model, expected, options);
                }
            }
        }
    }

    [Theory]
    [InlineData("opt-pre-ln")]
    [InlineData("llama-gqa-tied")]
    [InlineData("qwen3")]
    public async Task Tokens_and_logits_are_the_same_from_each_combination_of_whole_tiers_with_each_schedule_and_attention_place(string model)
    {
        var resident = new EngineOptions { Device = "cpu", DataType = "float32", GpuBatchSize = 4, GpuBatchCount = 2, DiskDirectory = Path.GetTempPath() };
        var expected = await Generate(model, resident with { Overlap = false });
        var whole = placements[..3];
        var all = from weights in whole
                  from cache in whole
                  from hidden in whole
                  from attention in new[] { 0, 100 }
                  from overlap in new[] { false, true }
                  select resident with { Weights = weights, Cache = cache, Hidden = hidden, AttentionOnHost = attention, Overlap = overlap };
        foreach (var options in all)
        {
            await ExpectSame(model, expected, options);
        }
    }

    private static async Task ExpectSame(string model, GeneratedSequence[] expected, EngineOptions options)
    {
        var actual = await Generate(model, options);
        for (var n = 0; n < expected.Length; n++)
        {
            Assert.True(expected[n].TokenIds.SequenceEqual(actual[n].TokenIds), $"tokens of prompt {n} differ under {options}");
            Assert.True(expected[n].Logits!.SequenceEqual(actual[n].Logits!), $"logits of prompt {n} differ under {options}");
        }
    }

    private static async Task<GeneratedSequence[]> Generate(string model, EngineOptions options)
    {
        using var engine = OffloadEngine.Load(Reference.File(model), options);
        return await Task.WhenAll(Reference.Prompts(model).Select((p, n) => engine.GenerateAsync(
            new(p.TokenIds, n % 2 == 0 ? SamplingOptions.Greedy : drawn with { Seed = n })
            {
                MaxNewTokens = 3 + (n % 4 * 5),
                IgnoreEos = true,
                ReturnLogits = true,
            })));
    }
}
