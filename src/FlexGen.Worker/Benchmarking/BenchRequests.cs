using System.Text.Json;
using FlexGen.Engine;
using FlexGen.Engine.Sampling;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Benchmarking;

/// <summary>Requests of given lengths with random tokens.</summary>
internal static class BenchRequests
{
    /// <summary>The spread that <c>--lengths mixed</c> means: prompts of 50 to 1,000 tokens, outputs of 1 to 256.</summary>
    private const int LeastPrompt = 50, MostPrompt = 1000, MostOutput = 256;

    /// <summary>Lengths that are all the same.</summary>
    public static IReadOnlyList<(int Prompt, int Output)> Same(int count, int prompt, int output) => [.. Enumerable.Repeat((prompt, output), count)];

    /// <summary>Evenly spread lengths in a random, fixed order.</summary>
    public static IReadOnlyList<(int Prompt, int Output)> Mixed(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => (random.Next(LeastPrompt, MostPrompt + 1), random.Next(1, MostOutput + 1)))];
    }

    /// <summary>Lengths from a file, a line each: {"prompt_tokens": 512, "completion_tokens": 32}.</summary>
    /// <exception cref="UsageException">A line is something else.</exception>
    public static IReadOnlyList<(int Prompt, int Output)> Read(string path)
    {
        var lengths = new List<(int, int)>();
        foreach (string line in File.ReadLines(path).Where(l => l.Length > 0))
        {
            lengths.Add(Parse(line) is { } pair ? pair : throw new UsageException(
                $"{path}: line {lengths.Count + 1} must be like {{\"prompt_tokens\": 512, \"completion_tokens\": 32}}, both 1 or more; found {line}"));
        }
        return lengths.Count > 0 ? lengths : throw new UsageException($"{path} is empty: give a line of lengths for each prompt.");
    }

    /// <summary>Greedy requests that go on to their length, with tokens that differ from prompt to prompt.</summary>
    public static IReadOnlyList<GenerationRequest> Create(IReadOnlyList<(int Prompt, int Output)> lengths, int vocabularySize)
    {
        var random = new Random(2);
        return [.. lengths.Select(l => new GenerationRequest([.. Enumerable.Range(0, l.Prompt).Select(_ => random.Next(vocabularySize))], SamplingOptions.Greedy)
        {
            MaxNewTokens = l.Output,
            IgnoreEos = true,
        })];
    }

    private static (int, int)? Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var (prompt, output) = (json.RootElement.GetProperty("prompt_tokens").GetInt32(), json.RootElement.GetProperty("completion_tokens").GetInt32());
            return prompt > 0 && output > 0 ? (prompt, output) : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
