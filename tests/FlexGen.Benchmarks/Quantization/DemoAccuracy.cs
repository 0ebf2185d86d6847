using System.Globalization;
using FlexGen.Demo.Data;
using FlexGen.Engine;
using FlexGen.Engine.Conversion;
using FlexGen.Planning;
using FlexGen.Testing;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>
/// What 4 bits cost on the demo's unseen records, by the engine itself: how many are answered exactly, and the perplexity of the right answers. Their tokens are given
/// one by one while the cache is read as in any decoding: greedy decoding is right when each is the likeliest. Prints markdown.
/// </summary>
internal static class DemoAccuracy
{
    private const int Slots = 64;

    public static async Task<int> RunAsync(string[] args)
    {
        var counts = new Dictionary<string, int> { ["records"] = 1000, ["seed"] = 2 };
        if (!await Arguments.ReadAsync("accuracy", args, counts))
        {
            return 1;
        }

        var model = Path.Combine(Repository.Root, "pipelines", "demo", "model");
        var answers = DemoAnswers.Read(TokenizerLoader.Load(model), RecordSet.Make(NameSet.Test, counts["seed"], counts["records"]));
        var scratch = Directory.CreateTempSubdirectory("flexgen-").FullName;
        try
        {
            Console.WriteLine("| weights | KV cache | exact | perplexity |\n|---|---|---|---|");
            foreach (var group in new[] { 0, 32, 64, 128 })
            {
                var folder = model;
                if (group > 0)
                {
                    CheckpointCompressor.Run(model, folder = Path.Combine(scratch, $"{group}"), group, null, default);
                }

                foreach (var cache in Enum.GetValues<Compression>())
                {
                    var (exact, perplexity) = await ScoreAsync(folder, cache, answers);
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {(group == 0 ? "as they are" : $"int4, groups of {group}")} | {(cache == Compression.Int4 ? "int4" : "as it is")} | {exact} of {answers.Count} | {perplexity:0.0000000} |"));
                }
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }

        return 0;
    }

    private static async Task<(int Exact, double Perplexity)> ScoreAsync(string folder, Compression cache, IReadOnlyList<DemoAnswers.Answer> answers)
    {
        using var engine = OffloadEngine.Load(
            folder, new() { Device = "cpu", GpuBatchSize = Slots, MaxSequenceLength = answers.Max(a => a.Tokens.Length) + 1, CompressCache = cache });
        var given = answers.Select(a => new Given(a)).ToList();
        await engine.GenerateAllAsync([.. given.Select(g => g.Request())]);
        return (given.Count(g => g.IsExact), Math.Exp(given.Sum(g => g.Loss) / given.Sum(g => g.Count)));
    }

    /// <summary>An answer whose tokens are given, and what the model made of them.</summary>
    private sealed class Given(DemoAnswers.Answer answer)
    {
        private readonly int[] tokens = answer.Tokens[answer.PromptLength..];

        public bool IsExact { get; private set; } = true;

        public double Loss { get; private set; }

        /// <summary>Tokens so far.</summary>
        public int Count { get; private set; }

        public GenerationRequest Request() => new(answer.Tokens[..answer.PromptLength], SamplingOptions.Greedy)
        {
            MaxNewTokens = tokens.Length,
            IgnoreEos = true,
            Choose = Choose,
        };

        private int Choose(ReadOnlySpan<float> logits)
        {
            var (token, highest, sum) = (tokens[Count], float.NegativeInfinity, 0.0);
            foreach (var logit in logits)
            {
                highest = MathF.Max(highest, logit);
            }

            foreach (var logit in logits)
            {
                sum += Math.Exp(logit - highest);
            }

            IsExact &= logits[token] == highest;
            Loss += Math.Log(sum) - (logits[token] - highest);
            Count++;
            return token;
        }
    }
}
