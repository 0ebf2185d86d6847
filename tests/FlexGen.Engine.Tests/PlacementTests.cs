using FlexGen.Engine.Tests.Support;
using FlexGen.Planning;

namespace FlexGen.Engine.Tests;

[Trait("Category", "Long")]
public class PlacementTests
{
    private static readonly SamplingOptions drawn = new() { Temperature = 1.5, TopP = 0.95 };

    private static readonly Placement[] placements =
        [new(100, 0), new(0, 100), new(0, 0), new(50, 50), new(50, 0), new(0, 50), new(34, 33)];

    /// <summary>One whose query heads share key heads, and whose embedding is its head: every combination of what rests on one tier.</summary>
    private const string Whole = "llama-gqa-tied";

    private static readonly string[] models = ["opt-pre-ln", "qwen3", "mistral", "opt-untied", "qwen2", "qwen2-sliding"];
    private static readonly string[] devices = ["cpu", "cpu,cpu"];
    private static readonly double[] attentionOnHost = [0, 50, 100];
    private static readonly int?[] weightPages = [null, 1, 2, 3, 4];

    private static readonly (Compression Weights, Compression Cache)[] compressions =
        [(Compression.None, Compression.None), (Compression.Int4, Compression.Int4), (Compression.Int4, Compression.None), (Compression.None, Compression.Int4)];

    private static readonly EngineOptions resident =
        new() { Device = "cpu", DataType = "float32", GpuBatchSize = 4, GpuBatchCount = 2, DiskDirectory = Path.GetTempPath() };

    public static TheoryData<string> Models => [.. models];

    /// <summary>
    /// Every two choices meet, and every three of which two are the cache's home and its place of attention: they decide together which
    /// shares there are.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public async Task Tokens_and_logits_are_the_same_from_every_placement_schedule_and_attention_place(string model)
    {
        var expected = new Dictionary<(Compression, Compression), GeneratedSequence[]>();
        foreach (var (weights, cache) in compressions)
        {
            expected[(weights, cache)] = await Generate(model, resident with { Overlap = false, CompressWeights = weights, CompressCache = cache });
        }

        var rows = Pairwise.Rows(
            models.Length, placements.Length * attentionOnHost.Length, placements.Length, placements.Length, 2, 3, weightPages.Length, compressions.Length, devices.Length);
        foreach (var row in rows.Where(r => models[r[0]] == model))
        {
            var (weights, cache) = compressions[row[7]];
            await ExpectSame(model, expected[(weights, cache)], resident with
            {
                Device = devices[row[8]],
                CompressWeights = weights,
                CompressCache = cache,
                Cache = placements[row[1] / attentionOnHost.Length],
                AttentionOnHost = attentionOnHost[row[1] % attentionOnHost.Length],
                Weights = placements[row[2]],
                Hidden = placements[row[3]],
                Overlap = row[4] == 0,
                GpuBatchSize = 3 + row[5],
                GpuBatchCount = 1 + row[5],
                WeightPages = weightPages[row[6]],
            });
        }
    }

    [Theory]
    [InlineData(Compression.None)]
    [InlineData(Compression.Int4)]
    public async Task Tokens_and_logits_are_the_same_from_each_combination_of_whole_tiers_with_each_schedule_and_attention_place(Compression compression)
    {
        var kept = resident with { CompressWeights = compression, CompressCache = compression };
        var expected = await Generate(Whole, kept with { Overlap = false });
        var whole = placements[..3];
        var all = from weights in whole
                  from cache in whole
                  from hidden in whole
                  from attention in new[] { 0, 100 }
                  from overlap in new[] { false, true }
                  from device in overlap ? devices : devices[..1]
                  select kept with { Device = device, Weights = weights, Cache = cache, Hidden = hidden, AttentionOnHost = attention, Overlap = overlap };
        foreach (var options in all)
        {
            await ExpectSame(Whole, expected, options);
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
