using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests;

/// <summary>What holds on a GPU; skipped without one.</summary>
public class CudaTests
{
    private static readonly EngineOptions small =
        new() { Device = "cuda:0", DataType = "float32", GpuBatchSize = 4, GpuBatchCount = 2, DiskDirectory = Path.GetTempPath() };

    private static readonly Placement[] placements = [new(100, 0), new(0, 100), new(0, 0), new(50, 50), new(34, 33)];

    public static TheoryData<string> Models => [.. Reference.Cases.Where(c => Directory.Exists(Reference.File(c)))];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Logits_and_greedy_tokens_equal_those_of_transformers(string model)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        using var engine = OffloadEngine.Load(Reference.File(model), small);
        var prompts = Reference.Prompts(model);
        var generated = await Generate(engine, model);
        for (var n = 0; n < prompts.Count; n++)
        {
            Assert.Equal(0, prompts[n].Logits.Zip(generated[n].Logits!, (e, a) => Math.Abs(e - a)).Max(), 1e-4f);
            Assert.Equal(prompts[n].Greedy, generated[n].TokenIds);
        }
    }

    [Theory]
    [InlineData("opt-pre-ln")]
    [InlineData("llama-gqa-tied")]
    [InlineData("qwen3")]
    [InlineData("mistral")]
    public async Task Tokens_are_the_same_from_every_placement_schedule_and_attention_place(string model)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        var expected = Reference.Prompts(model);
        var random = new Random(1);
        foreach (var attention in new[] { 0, 50, 100 })
        {
            foreach (var overlap in new[] { false, true })
            {
                foreach (var cache in placements)
                {
                    var options = small with
                    {
                        Cache = cache,
                        Weights = placements[random.Next(placements.Length)],
                        Hidden = placements[random.Next(placements.Length)],
                        AttentionOnHost = attention,
                        Overlap = overlap,
                        GpuBatchCount = 1 + random.Next(3),
                    };
                    using var engine = OffloadEngine.Load(Reference.File(model), options);
                    var actual = await Generate(engine, model);
                    for (var n = 0; n < expected.Count; n++)
                    {
                        Assert.True(expected[n].Greedy.SequenceEqual(actual[n].TokenIds), $"tokens of prompt {n} differ under {options}");
                    }
                }
            }
        }
    }

    private static Task<GeneratedSequence[]> Generate(OffloadEngine engine, string model) => engine.GenerateAllAsync(
        [.. Reference.Prompts(model).Select(p => new GenerationRequest(p.TokenIds, SamplingOptions.Greedy) { MaxNewTokens = 32, IgnoreEos = true, ReturnLogits = true })]);
}
