using System.Globalization;
using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Engine;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Benchmarking;

/// <summary>Requests of given lengths with random tokens.</summary>
internal static class BenchRequests
{
    /// <summary>The spread that <c>--lengths mixed</c> means: prompts of 50 to 1,000 tokens, outputs of 1 to 256.</summary>
    private const int LeastPrompt = 50, MostPrompt = 1000, MostOutput = 256;

    /// <summary>The lengths that the options ask for.</summary>
    /// <param name="settings">The options.</param>
    /// <param name="count">How many prompts where neither they nor a file say.</param>
    /// <exception cref="UsageException">There is no such file, or a line of it is something else.</exception>
    public static IReadOnlyList<(int Prompt, int Output)> Lengths(BenchSettings settings, int count)
    {
        count = settings.PromptCount ?? count;
        return settings.Lengths switch
        {
            null => [.. Enumerable.Repeat((settings.PromptLength, settings.OutputLength), count)],
            BenchSettings.Mixed => Mixed(count),
            var file => Read(file, settings.PromptCount),
        };
    }

    /// <summary>Evenly spread lengths in a random, fixed order.</summary>
    private static IReadOnlyList<(int Prompt, int Output)> Mixed(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => (random.Next(LeastPrompt, MostPrompt + 1), random.Next(1, MostOutput + 1)))];
    }

    /// <summary>Lengths from a file, a line each: {"prompt_tokens": 512, "completion_tokens": 32}.</summary>
    private static List<(int Prompt, int Output)> Read(string path, int? count)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"--lengths {path}: there is no such file; name one, or write {BenchSettings.Mixed}.");
        }

        var lengths = File.ReadLines(path).Select((line, n) => (Line: line, Number: n + 1)).Where(l => l.Line.Trim().Length > 0)
            .Select(l => Parse(l.Line) ?? throw new UsageException(
                $"{path}: line {l.Number} must be like {{\"prompt_tokens\": 512, \"completion_tokens\": 32}}, both 1 or more; found {l.Line}"))
            .Take(count ?? int.MaxValue).ToList();
        return lengths.Count > 0 && lengths.Count >= (count ?? 1)
            ? lengths
            : throw new UsageException($"{path} has {lengths.Count} lines of lengths; expected "
                + $"{count?.ToString(CultureInfo.InvariantCulture) ?? "a line for each prompt"}.");
    }

    /// <summary>Greedy requests that go on to their length, with tokens that differ from prompt to prompt.</summary>
    /// <param name="lengths">Of each prompt and its output.</param>
    /// <param name="vocabularySize">How many tokens there are.</param>
    /// <param name="constraint">What outputs may be; null: anything.</param>
    public static IReadOnlyList<GenerationRequest> Create(IReadOnlyList<(int Prompt, int Output)> lengths, int vocabularySize, Constraint? constraint = null)
    {
        var random = new Random(2);
        return [.. lengths.Select(l =>
            new GenerationRequest([.. Enumerable.Range(0, l.Prompt).Select(_ => random.Next(vocabularySize))], SamplingOptions.Greedy)
        {
            MaxNewTokens = l.Output,
            IgnoreEos = constraint is null,
            Rule = constraint is null ? null : new EndlessRule(constraint),
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
