using System.Diagnostics;
using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Testing;
using FlexGen.Testing.Schemas;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Benchmarks.Constraints;

/// <summary>
/// How long schemas of the collection beside the project take to be compiled, and masks of a vocabulary of 128,000 tokens to be made, at each token of
/// their valid instances. On one thread, with nothing kept of another schema; each is the best of its repeats.
/// </summary>
internal static class MaskSpeed
{
    private const int Worst = 12;

    private sealed record Timed(string Name, double Compile, List<double> Masks, List<double> Takes);

    public static async Task<int> RunAsync(string[] args)
    {
        var values = new Dictionary<string, int> { ["repeats"] = 3, ["schemas"] = int.MaxValue };
        if (!await Arguments.ReadAsync("masks", args, values))
        {
            return 1;
        }

        var folder = Path.Combine(Repository.Root, "tests", "node_modules", "@lenml", "tokenizer-llama3", "models");
        if (!SchemaSample.IsThere || !Directory.Exists(folder))
        {
            await Console.Error.WriteLineAsync($"../shared/schemas or {folder} is absent: npm ci --prefix tests");
            return 1;
        }

        var tokenizer = TokenizerLoader.Load(folder);
        var decoder = tokenizer.CreateDecoder();
        var tokens = new TokenBytes([.. Enumerable.Range(0, tokenizer.VocabularySize).Select(decoder.BytesOf)], [tokenizer.EndOfSequence ?? 0]);
        var load = await LoadAsync();
        var samples = SchemaSample.All().Take(values["schemas"]).ToList();
        var timed = new List<Timed>();
        var enforced = 0;
        foreach (var sample in samples)
        {
            var instances = sample.Tests.Where(test => test.IsValid).Select(test => tokenizer.Encode(SchemaSample.Write(test.Data), addSpecialTokens: false).ToArray());
            if (TimeAll(sample, [.. instances], tokens, values["repeats"]) is var (time, constraint))
            {
                timed.Add(time);
                enforced += constraint.Unenforced.Count == 0 ? 1 : 0;
            }
        }

        var (compiles, masks, takes) = (timed.ConvertAll(time => time.Compile), timed.SelectMany(time => time.Masks).ToList(), timed.SelectMany(time => time.Takes).ToList());
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "masks",
            vocabulary = tokens.Size,
            schemas = samples.Count,
            compiled = timed.Count,
            wholly_enforced = enforced,
            compile_ms = Spread(compiles, 1e3),
            mask_us = Spread(masks, 1e6),
            take_us = Spread(takes, 1e6),
            load_before = load,
            load_after = await LoadAsync(),
        }));
        foreach (var time in timed.OrderByDescending(time => time.Compile).Take(Worst))
        {
            Console.WriteLine(JsonSerializer.Serialize(new { slow = "compile", schema = time.Name, ms = Math.Round(time.Compile * 1e3, 2) }));
        }

        foreach (var time in timed.OrderByDescending(time => time.Masks.DefaultIfEmpty(0).Max()).Take(Worst))
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                slow = "mask",
                schema = time.Name,
                ms = Math.Round(time.Masks.Max() * 1e3, 2),
                at = time.Masks.IndexOf(time.Masks.Max()),
                of = time.Masks.Count,
                over_1_ms = time.Masks.Count(mask => mask > 1e-3),
            }));
        }

        return 0;
    }

    private static (Timed, Constraint)? TimeAll(SchemaSample sample, int[][] instances, TokenBytes tokens, int repeats)
    {
        Timed? best = null;
        Constraint? last = null;
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                last = Constraint.ForSchema(sample.Schema, tokens, ConstraintOptions.Default);
            }
            catch (ConstraintException)
            {
                return null;
            }

            var time = new Timed(sample.Name, Stopwatch.GetElapsedTime(start).TotalSeconds, [], []);
            foreach (var instance in instances)
            {
                Walk(last, instance, tokens.Size, time);
            }

            best = best is null ? time : new Timed(sample.Name, Math.Min(best.Compile, time.Compile), Least(best.Masks, time.Masks), Least(best.Takes, time.Takes));
        }

        return (best!, last!);
    }

    private static void Walk(Constraint constraint, int[] instance, int size, Timed time)
    {
        var mask = new uint[(size + 31) / 32];
        var rule = constraint.Begin();
        foreach (var token in instance)
        {
            var start = Stopwatch.GetTimestamp();
            rule.Fill(mask, 4096);
            time.Masks.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            start = Stopwatch.GetTimestamp();
            var isTaken = rule.Take(token);
            time.Takes.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (!isTaken)
            {
                // It does not keep to the order of the schema's properties.
                break;
            }
        }
    }

    private static List<double> Least(List<double> first, List<double> second) => [.. first.Zip(second, Math.Min)];

    private static Dictionary<string, double> Spread(List<double> values, double unit)
    {
        values.Sort();
        double At(double share) => Math.Round(values[(int)Math.Min(values.Count - 1, share * values.Count)] * unit, 2);
        return new() { ["count"] = values.Count, ["median"] = At(0.5), ["p90"] = At(0.9), ["p99"] = At(0.99), ["p999"] = At(0.999), ["worst"] = At(1), ["mean"] = Math.Round(values.Average() * unit, 2) };
    }

    private static async Task<string> LoadAsync() => File.Exists("/proc/loadavg") ? (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0] : "unknown";
}
