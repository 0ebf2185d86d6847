using System.Text.Json;
using FlexGen.Engine.Batch;
using FlexGen.Engine.Sampling;
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
            var candidates = Sampler.Candidates(logits, options, new Candidate[logits.Length]).ToArray();
            var actual = new double[logits.Length];
            Array.ForEach(candidates, t => actual[t.Token] = t.Weight / candidates.Sum(d => d.Weight));
            var expected = c.GetProperty("probabilities").Deserialize<double[]>()!;
            for (var token = 0; token < expected.Length; token++)
            {
                Assert.Equal(expected[token], actual[token], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(0.7, 0, 1)]
    [InlineData(1.3, 20, 1)]
    [InlineData(1, 0, 0.8)]
    [InlineData(0.8, 30, 0.9)]
    public void Draws_follow_the_probabilities(double temperature, int topK, double topP)
    {
        const int draws = 100_000;
        var logits = Normal(43, 5);
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP };
        var candidates = Sampler.Candidates(logits, options, new Candidate[logits.Length]).ToArray();
        var random = new CounterRandom(7, [1, 2, 3]);
        var counts = new int[logits.Length];
        for (var step = 0; step < draws; step++)
        {
            counts[Sampler.Choose(logits, options, new HashSet<int>(), new TokenNoise(random.At(step)))]++;
        }

        var sum = candidates.Sum(c => c.Weight);
        var expected = candidates.Select(c => (c.Token, Count: draws * c.Weight / sum)).ToList();
        Assert.Equal(draws, expected.Sum(e => counts[e.Token]));
        // Chi-square of n tokens has a mean of n - 1 and a variance of twice that: five deviations are one in three million.
        var chiSquare = expected.Sum(e => Math.Pow(counts[e.Token] - e.Count, 2) / e.Count);
        Assert.InRange(chiSquare, 0, expected.Count - 1 + (5 * Math.Sqrt(2 * (expected.Count - 1))) + 5);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 0.95)]
    [InlineData(1000, 1)]
    public void Logits_that_are_rounded_otherwise_rarely_change_a_draw(int topK, double topP)
    {
        const int draws = 100;
        var options = new SamplingOptions { Temperature = 0.8, TopK = topK, TopP = topP };
        var random = new CounterRandom(7, [1, 2, 3]);
        var changed = 0;
        for (var step = 0; step < draws; step++)
        {
            // Many tokens that are almost alike, as a model has that does not know.
            var (logits, rounding) = (Normal(32_000, step), Normal(32_000, -step - 1));
            float[] other = [.. logits.Zip(rounding, (l, r) => l + (r * 0.002f))];
            changed += Choose(logits, step) == Choose(other, step) ? 0 : 1;
        }

        Assert.InRange(changed, 0, draws / 25);

        int Choose(float[] logits, int step) => Sampler.Choose(logits, options, new HashSet<int>(), new TokenNoise(random.At(step)));
    }

    [Fact]
    public void A_token_s_noise_depends_on_seed_prompt_step_and_token_alone()
    {
        int[] Drawn(int seed, int[] prompt, int step) =>
            [.. Enumerable.Range(0, 20).Select(n => new TokenNoise(new CounterRandom(seed, prompt).At(step)).Draw(Normal(1000, n), 1))];
        Assert.Equal(Drawn(1, [5, 6], 3), Drawn(1, [5, 6], 3));
        Assert.NotEqual(Drawn(1, [5, 6], 3), Drawn(2, [5, 6], 3));
        Assert.NotEqual(Drawn(1, [5, 6], 3), Drawn(1, [6, 5], 3));
        Assert.NotEqual(Drawn(1, [5, 6], 3), Drawn(1, [5, 6], 4));
        // Whether it stands among all tokens or among some: with every token kept, in whatever order, the same one is drawn.
        var logits = Normal(1001, 4);
        var candidates = Sampler.Candidates(logits, new() { Temperature = 1 }, new Candidate[1001]).ToArray();
        for (var step = 0; step < 100; step++)
        {
            var noise = new TokenNoise(new CounterRandom(1, [5]).At(step));
            Random.Shared.Shuffle(candidates);
            Assert.Equal(noise.Draw(logits, 1), noise.Draw(candidates));
        }
    }

    [Fact]
    public void Tokens_that_are_ruled_out_are_never_drawn()
    {
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, 30)];
        foreach (var only in new[] { 0, 7, 29 })
        {
            logits[only] = -1e30f;
            Assert.Equal(only, new TokenNoise(new CounterRandom(1, [5]).At(0)).Draw(logits, 0.01));
            logits[only] = float.NegativeInfinity;
        }
    }

    [Fact]
    public void Zero_temperature_takes_the_first_of_the_largest() =>
        Assert.Equal(1, Sampler.Choose([0, 2, 2], SamplingOptions.Greedy, new HashSet<int>(), default));

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
        var alone = sequences.Select((s, n) => Choose(logits[n..(n + 1)].clone(), [(0, s)])[0]).ToList();
        Assert.Equal(NextTokens.NotFinite, alone[4]);
        Assert.Equal(4, alone.IndexOf(NextTokens.NotFinite));
        Assert.Equal(alone, Choose(logits.clone(), [.. sequences.Select((s, n) => (n, s))]));
        var drawn = sequences.Where((s, n) => s.NeedsLogits && n != 4).ToList();
        var rows = logits.index_select(0, torch.tensor(drawn.Select(s => (long)Array.IndexOf(sequences, s)).ToArray()));
        Assert.Equal(drawn.Select(s => alone[Array.IndexOf(sequences, s)]), Choose(rows, [.. drawn.Select((s, n) => (n, s))]));
    }

    private static int[] Choose(torch.Tensor logits, IReadOnlyList<(int, Sequence)> rows)
    {
        using var next = new NextTokens(logits, rows, kernel: null);
        return next.Choose();
    }

    private static float[] Normal(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble())))];
    }
}
