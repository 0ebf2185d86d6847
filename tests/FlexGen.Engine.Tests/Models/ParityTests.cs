using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

public class ParityTests
{
    public static TheoryData<string> Models => [.. Reference.Cases];

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_and_greedy_tokens_without_a_cache_equal_those_of_transformers(string model)
    {
        using var checkpoint = new LoadedCheckpoint(Reference.File(model));
        foreach (var prompt in Reference.Prompts(model))
        {
            // One pass over prompt and continuation shows the token that is likeliest after each, which is what greedy steps take.
            var logits = checkpoint.Logits([.. prompt.TokenIds, .. prompt.Greedy[..^1]], last: prompt.Greedy.Length);
            Assert.Equal(0, prompt.Logits.Zip(logits[0], (e, a) => Math.Abs(e - a)).Max(), 1e-4f);
            Assert.Equal(prompt.Greedy, logits.Select(row => Array.IndexOf(row, row.Max())));
        }
    }

    [Theory]
    [InlineData("opt-post-ln")]
    [InlineData("llama3-rope")]
    [InlineData("mistral")]
    [InlineData("qwen3")]
    public void Bfloat16_stays_near_the_reference(string model)
    {
        using var checkpoint = new LoadedCheckpoint(Reference.File(model), ScalarType.BFloat16);
        foreach (var prompt in Reference.Prompts(model))
        {
            var (logits, expected) = (checkpoint.Logits(prompt.TokenIds)[0], prompt.Logits);
            var error = Math.Sqrt(expected.Zip(logits, (e, a) => (e - a) * (e - a)).Sum() / expected.Sum(e => e * e));
            Assert.InRange(error, 0, 0.1);
        }
    }
}
