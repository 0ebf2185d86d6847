using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlexGen.Comparison.Engines;

namespace FlexGen.Comparison;

/// <summary>Runs the contenders in turns, several rounds, and prints what they reached.</summary>
/// <param name="folder">Where the models are.</param>
/// <param name="lines">A file that gets a line of JSON for each run.</param>
/// <param name="seed">Of the prompts.</param>
internal sealed class Race(string folder, string lines, ulong seed)
{
    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<(RaceCase Case, Contender Contender), List<Measured>> results = [];

    public async Task RunAsync(IReadOnlyList<RaceCase> cases, IReadOnlyList<Contender> contenders, int rounds)
    {
        foreach (var race in cases)
        {
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var contender in contenders.Where(c => c.Type is not { } type || race.Types.Contains(type)))
                {
                    await RunAsync(race, contender, round);
                }
            }
        }

        Print(cases, contenders, "tokens/s: median (least to most)", TokensPerSecond);
        Print(cases, contenders, "the processes' peak of memory, mapped files included, GiB", Peak);
    }

    private async Task RunAsync(RaceCase race, Contender contender, int round)
    {
        try
        {
            var measured = await ChildRun.StartAsync(contender.Request(folder, race, seed));
            results.TryAdd((race, contender), []);
            results[(race, contender)].Add(measured);
            await File.AppendAllTextAsync(lines, JsonSerializer.Serialize(new
            {
                benchmark = "comparison",
                @case = race.Name,
                library = contender.Library,
                weights = contender.Weights,
                round,
                processors = Environment.ProcessorCount,
                parameters = race.Size.Parameters,
                prompts = race.Prompts,
                prompt_tokens = race.PromptLength,
                completion_tokens = race.NewTokens,
                tokens_per_second = Math.Round(measured.TokensPerSecond, 2),
                seconds = Math.Round(measured.Seconds, 3),
                prefill_seconds = Math.Round(measured.PrefillSeconds, 3),
                load_seconds = Math.Round(measured.LoadSeconds, 1),
                process_peak_bytes = measured.PeakBytes,
                detail = measured.Detail,
            }, json) + "\n");
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{race.Name}, round {round}, {contender.Name}: {measured.TokensPerSecond:0.0} tokens/s, prefill {measured.PrefillSeconds:0.00} s of {measured.Seconds:0.00} s"));
        }
        catch (InvalidOperationException failed)
        {
            await Console.Error.WriteLineAsync($"{race.Name}, round {round}, {contender.Name}: {failed.Message}");
        }
    }

    private void Print(IReadOnlyList<RaceCase> cases, IReadOnlyList<Contender> contenders, string what, Func<List<Measured>, string> cell)
    {
        Console.WriteLine($"\n{what}\n| case | {string.Join(" | ", contenders.Select(c => c.Name))} |\n|---|{string.Concat(contenders.Select(_ => "---|"))}");
        foreach (var race in cases)
        {
            Console.WriteLine($"| {race.Name} | {string.Join(" | ", contenders.Select(c => results.TryGetValue((race, c), out var found) ? cell(found) : "-"))} |");
        }
    }

    private static string TokensPerSecond(List<Measured> runs)
    {
        var sorted = runs.Select(r => r.TokensPerSecond).Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{(sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2:0.0} ({sorted[0]:0.0} to {sorted[^1]:0.0})");
    }

    private static string Peak(List<Measured> runs) => (runs.Max(r => r.PeakBytes) / (double)(1L << 30)).ToString("0.00", CultureInfo.InvariantCulture);
}
