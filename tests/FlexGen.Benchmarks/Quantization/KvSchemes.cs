using System.Globalization;
using FlexGen.Demo.Data;
using FlexGen.Testing;
using FlexGen.Tokenizers.Loading;
using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>
/// What 4-bit keys and values cost by how they are rounded, in simulation: the error of scores and of attention's output on keys and values of real and random
/// models and on synthetic keys with outlier channels, and how many of the demo's records come out right. Prints markdown: groups of 32, 64 and 128 in a cell.
/// </summary>
internal static class KvSchemes
{
    private const int ErrorRecords = 64;

    private static readonly GroupRounding[] all = [.. from alongTokens in new[] { false, true }
                                                      from rotated in new[] { false, true }
                                                      from symmetric in new[] { false, true }
                                                      from size in new[] { 32, 64, 128 }
                                                      select new GroupRounding(alongTokens, rotated, symmetric, size)];

    private static readonly GroupRounding[] centred = [.. all.Where(a => a is { AlongTokens: false, Symmetric: false }).Select(a => a with { Centred = true })];

    public static async Task<int> RunAsync(string[] args)
    {
        var counts = new Dictionary<string, int> { ["records"] = 1000, ["seed"] = 2 };
        if (!await Arguments.ReadAsync("kv-schemes", args, counts))
        {
            return 1;
        }

        using var noGradient = no_grad();
        var folder = Path.Combine(Repository.Root, "pipelines", "demo", "model");
        using var demo = WholeSequences.Load(folder);
        var records = DemoAnswers.Read(TokenizerLoader.Load(folder), RecordSet.Make(NameSet.Test, counts["seed"], counts["records"]));
        var sources = new List<(string Name, IEnumerable<SyntheticAttention.Case> Cases)>
        {
            ($"demo model (4 layers, headDim 32), {ErrorRecords} records", Cases(demo, records.Take(ErrorRecords).Select(r => r.Tokens))),
        };
        foreach (var name in new[] { "llama2", "qwen2", "qwen3" })
        {
            using var model = WholeSequences.Load(Path.Combine(Repository.Root, "tests", "FlexGen.Engine.Tests", "reference", name));
            sources.Add(($"random {name} of the engine's tests", [.. Cases(model, SyntheticAttention.RandomTokens(model.VocabularySize))]));
        }

        sources.AddRange(SyntheticAttention.All());
        foreach (var (name, cases) in sources)
        {
            PrintErrors(name, cases);
        }

        PrintAnswers(demo, records);
        return 0;
    }

    private static IEnumerable<SyntheticAttention.Case> Cases(WholeSequences model, IEnumerable<int[]> sequences)
    {
        foreach (var sequence in sequences)
        {
            List<SyntheticAttention.Case> layers = [];
            using var logits = model.Logits([sequence], (query, key, value, scale) =>
            {
                layers.Add(new(query.clone().DetachFromDisposeScope(), key.clone().DetachFromDisposeScope(), value.clone().DetachFromDisposeScope(), scale));
                return CausalAttention.Attend(query, key, value, scale);
            });
            foreach (var layer in layers)
            {
                yield return layer;
            }
        }
    }

    private static void PrintErrors(string name, IEnumerable<SyntheticAttention.Case> cases)
    {
        GroupRounding[] schemes = [.. all, .. centred];
        var errors = schemes.Select(_ => (Scores: new ErrorSum(), ByKeys: new ErrorSum(), ByValues: new ErrorSum())).ToArray();
        foreach (var (query, key, value, scale) in cases)
        {
            using var scope = NewDisposeScope();
            var (scores, output) = (CausalAttention.Scores(query, key, scale), CausalAttention.Attend(query, key, value, scale));
            for (var i = 0; i < schemes.Length; i++)
            {
                using var inner = NewDisposeScope();
                var (roundedKey, roundedValue) = (schemes[i].Apply(key), schemes[i].Apply(value));
                errors[i].Scores.Add(CausalAttention.Scores(query, roundedKey, scale), scores);
                errors[i].ByKeys.Add(CausalAttention.Attend(query, roundedKey, value, scale), output);
                errors[i].ByValues.Add(CausalAttention.Attend(query, key, roundedValue, scale), output);
            }
        }

        Console.WriteLine($"""

            ### {name}
            | along, how | scores, K rounded | output, K rounded | output, V rounded |
            |---|---|---|---|
            """);
        foreach (var rows in schemes.Zip(errors).GroupBy(s => s.First.Name))
        {
            Console.WriteLine($"| {rows.Key} | {Row(e => e.Scores)} | {Row(e => e.ByKeys)} | {Row(e => e.ByValues)} |");

            string Row(Func<(ErrorSum Scores, ErrorSum ByKeys, ErrorSum ByValues), ErrorSum> which) =>
                string.Join(", ", rows.Select(r => which(r.Second).Relative.ToString("0.000", CultureInfo.InvariantCulture)));
        }
    }

    private static void PrintAnswers(WholeSequences demo, IReadOnlyList<DemoAnswers.Answer> records)
    {
        var (right, loss) = DemoAnswers.Score(demo, records, null, null);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            ### demo model, {records.Count} unseen records: uncompressed {right} exact, loss {loss:0.0e0} a token
            | bits, what | along, how | exact | loss a token |
            |---|---|---|---|
            """));
        foreach (var bits in new[] { 4, 2 })
        {
            foreach (var rows in all.Concat(centred).GroupBy(s => s.Name))
            {
                Print($"{bits}, K", rows.Key, rows, scheme => DemoAnswers.Score(demo, records, scheme with { Bits = bits }, null));
            }

            foreach (var rows in all.GroupBy(s => s.Name))
            {
                Print($"{bits}, V", rows.Key, rows, scheme => DemoAnswers.Score(demo, records, null, scheme with { Bits = bits }));
            }

            foreach (var rows in all.Where(s => s is { AlongTokens: false, Symmetric: false }).GroupBy(s => s.Name))
            {
                Print($"{bits}, both", rows.Key, rows, scheme => DemoAnswers.Score(demo, records, scheme with { Bits = bits }, scheme with { Bits = bits }));
            }
        }

        static void Print(string what, string name, IEnumerable<GroupRounding> schemes, Func<GroupRounding, (int Exact, double Loss)> score)
        {
            var scores = schemes.Select(score).ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {what} | {name} | {string.Join(", ", scores.Select(s => s.Exact))} | {string.Join(", ", scores.Select(s => s.Loss.ToString("0.0e0", CultureInfo.InvariantCulture)))} |"));
        }
    }
}
