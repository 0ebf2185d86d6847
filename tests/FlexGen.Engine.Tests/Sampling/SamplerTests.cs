using System.Text.Json;
using FlexGen.Engine.Sampling;
using FlexGen.Engine.State;
using TorchSharp;

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
            Sampler.Penalize(logits, options.RepetitionPenalty, c.GetProperty("previous").Deserialize<HashSet<int>>()!);
            var candidates = Sampler.Candidates(logits, options, new Sampler.Candidate[logits.Length]).ToArray();
            var actual = new double[logits.Length];
            Array.ForEach(candidates, t => actual[t.Token] = t.Weight / candidates.Sum(d => d.Weight));
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
            counts[Sampler.Choose(logits.ToArray(), new() { Temperature = 1 }, new HashSet<int>(), random.Uniform(step))]++;
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
        Assert.Equal(1, Sampler.Choose([0, 2, 2], SamplingOptions.Greedy, new HashSet<int>(), 0.9));

    [Fact]
    public void Rows_drawn_side_by_side_are_those_drawn_alone()
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.randn([9, 500], generator: new torch.Generator(3)) * 3;
        logits[4, 17] = float.NaN;
        SamplingOptions[] kinds =
        [
            SamplingOptions.Greedy, new() { Temperature = 1, TopK = 20, Seed = 5 }, new() { RepetitionPenalty = 1.5 },
            new() { Temperature = 0.8, TopK = 50, TopP = 0.9 }, new() { Temperature = 0.8, TopK = 50 },
        ];
        var sequences = Enumerable.Range(0, 9).Select(n => new Sequence(new([n, n + 1], kinds[n % kinds.Length]), default)).ToArray();
        var alone = sequences.Select((s, n) => NextTokens.Choose(logits[n..(n + 1)].clone(), [(0, s)])[0]).ToList();
        Assert.Equal(NextTokens.NotFinite, alone[4]);
        Assert.Equal(4, alone.IndexOf(NextTokens.NotFinite));
        Assert.Equal(alone, NextTokens.Choose(logits.clone(), [.. sequences.Select((s, n) => (n, s))]));
        var drawn = sequences.Where((s, n) => s.NeedsLogits && n != 4).ToList();
        var rows = logits.index_select(0, torch.tensor(drawn.Select(s => (long)Array.IndexOf(sequences, s)).ToArray()));
        Assert.Equal(drawn.Select(s => alone[Array.IndexOf(sequences, s)]), NextTokens.Choose(rows, [.. drawn.Select((s, n) => (n, s))]));
    }
}
