using System.Text.Json;
using FlexGen.Engine.Sampling;

namespace FlexGen.Engine.Tests.Sampling;

public class SamplerTests
{
    [Fact]
    public void Probabilities_equal_those_of_transformers()
    {
        using var reference = JsonDocument.Parse(File.ReadAllText(Reference.File("sampling.json")));
        foreach (var c in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            var logits = c.GetProperty("logits").Deserialize<float[]>()!;
            var options = new SamplingOptions
            {
                RepetitionPenalty = c.GetProperty("repetition_penalty").GetDouble(),
                Temperature = c.GetProperty("temperature").GetDouble(),
                TopK = c.GetProperty("top_k").GetInt32(),
                TopP = c.GetProperty("top_p").GetDouble(),
            };
            Sampler.Penalize(logits, options.RepetitionPenalty, c.GetProperty("previous").Deserialize<int[]>()!);
            var candidates = Sampler.Candidates(logits, options);
            var actual = new double[logits.Length];
            candidates.ForEach(t => actual[t.Token] = t.Weight / candidates.Sum(d => d.Weight));
            var expected = c.GetProperty("probabilities").Deserialize<double[]>()!;
            for (var token = 0; token < expected.Length; token++)
            {
                Assert.Equal(expected[token], actual[token], 1e-5);
            }
        }
    }

    [Fact]
    public void Draws_follow_the_probabilities()
    {
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f)];
        var counts = new int[3];
        for (var step = 0; step < 20_000; step++)
        {
            var random = new CounterRandom(7, [1, 2, 3]);
            counts[Sampler.Choose(logits.ToArray(), new() { Temperature = 1 }, [], random.Uniform(step))]++;
        }

        Assert.InRange(counts[0] / 20_000.0, 0.48, 0.52);
        Assert.InRange(counts[1] / 20_000.0, 0.28, 0.32);
    }

    [Fact]
    public void Random_numbers_depend_on_seed_prompt_and_step_alone()
    {
        Assert.Equal(new CounterRandom(1, [5, 6]).Uniform(3), new CounterRandom(1, [5, 6]).Uniform(3));
        Assert.NotEqual(new CounterRandom(1, [5, 6]).Uniform(3), new CounterRandom(2, [5, 6]).Uniform(3));
        Assert.NotEqual(new CounterRandom(1, [5, 6]).Uniform(3), new CounterRandom(1, [6, 5]).Uniform(3));
        Assert.NotEqual(new CounterRandom(1, [5, 6]).Uniform(3), new CounterRandom(1, [5, 6]).Uniform(4));
    }

    [Fact]
    public void Zero_temperature_takes_the_first_of_the_largest() =>
        Assert.Equal(1, Sampler.Choose([0, 2, 2], SamplingOptions.Greedy, [], 0.9));
}
