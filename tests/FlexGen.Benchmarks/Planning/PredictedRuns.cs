using System.Globalization;
using System.Text.Json;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Benchmarking;
using FlexGen.Worker.Configuration;

namespace FlexGen.Benchmarks.Planning;

/// <summary>
/// <c>predict PROFILE RUNS.jsonl</c>: what the cost model says of runs of <c>flexgen bench --json</c> on the machine of a profile (a file, or a
/// known name), beside what they took.
/// </summary>
internal static class PredictedRuns
{
    public static int Run(string profile, string runs)
    {
        var machine = KnownHardware.Find(profile)?.ToProfile() ?? HardwareProfile.Parse(File.ReadAllText(profile));
        var errors = new List<double>();
        Console.WriteLine("| run | measured tokens/s | predicted | predicted / measured | prefill and decode seconds, measured | predicted | busy in decode, predicted |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var line in File.ReadLines(runs).Where(l => l.StartsWith('{')))
        {
            using var json = JsonDocument.Parse(line);
            var run = json.RootElement.TryGetProperty("report", out var inner) ? inner : json.RootElement;
            if (!run.TryGetProperty("tokens_per_second", out var measured))
            {
                continue;
            }

            var (name, prediction) = Predict(machine, run);
            var ratio = prediction.TokensPerSecond / measured.GetDouble();
            errors.Add(Math.Abs(ratio - 1));
            var busy = string.Join(", ", prediction.BusyInDecode.Where(b => b.Value > 0.1).Select(b => $"{b.Key} {b.Value:0%}"));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {measured.GetDouble():0.#} | {prediction.TokensPerSecond:0.#} | {ratio:0.00} | {run.GetProperty("prefill_seconds").GetDouble():0.00}, {run.GetProperty("decode_seconds").GetDouble():0.00} | {prediction.PrefillSeconds:0.00}, {prediction.DecodeSeconds:0.00} | {busy} |"));
        }

        errors.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\n{errors.Count} runs: median error {errors[errors.Count / 2]:0.0%}, {errors.Count(e => e <= 0.15)} within 15%, largest {errors[^1]:0.0%}."));
        return 0;
    }

    private static (string Name, Prediction Prediction) Predict(HardwareProfile machine, JsonElement run)
    {
        var shape = run.GetProperty("shape").GetString()!;
        var policy = Policy(run.GetProperty("policy"), run.GetProperty("schedule").GetString() == "zigzag" && machine.Compute.IsGpu);
        var type = run.GetProperty("device").GetString()!.Split(' ')[1];
        var format = type switch { "Float32" => ElementFormat.F32, "BFloat16" => ElementFormat.BF16, _ => ElementFormat.F16 };
        var model = new CostModel(PublishedShapes.Create(shape).Outline(format), machine);
        var mode = new CostModel.Mode(run.GetProperty("schedule").GetString() == "zigzag", run.GetProperty("slots").GetString() == "static");
        var workload = Workload(run);
        var name = $"{shape}, {policy.GpuBatchSize} x {policy.GpuBatchCount}, weights {policy.Weights}{Short(policy.CompressWeights)}, KV {policy.Cache}"
            + $"{Short(policy.CompressCache)}, hidden {policy.Hidden}, attention {policy.AttentionOnHost:0}%, "
            + (workload.Sample.Count > 1 ? "mixed" : $"{workload.MeanPrompt:0} + {workload.MeanOutput:0}") + (mode.Overlaps ? "" : ", serial") + (mode.StaticBatches ? ", static" : "");
        var plan = model.Plan(policy);
        if (Environment.GetEnvironmentVariable("PICTURE") is not null)
        {
            foreach (var span in model.Picture(plan, workload).Where(s => s.Layer is > 2 and < 6))
            {
                Console.WriteLine($"{span.Resource,-14} {span.Layer,3} {span.MicroBatch,3} {span.Start * 1e6,10:0} {span.End * 1e6,10:0} {(span.End - span.Start) * 1e6,8:0}");
            }
        }

        return (name, model.Predict(plan, workload, mode));
    }

    private static string Short(Compression compression) => compression == Compression.Int4 ? " in 4 bits" : "";

    private static Workload Workload(JsonElement run)
    {
        var (prompts, tokens, generated) = (run.GetProperty("prompts").GetInt32(), run.GetProperty("prompt_tokens").GetInt64(), run.GetProperty("completion_tokens").GetInt64());
        if (tokens % prompts == 0 && generated % prompts == 0)
        {
            return FlexGen.Planning.Cost.Workload.Uniform((int)(tokens / prompts), (int)(generated / prompts), prompts);
        }

        var lengths = BenchRequests.Lengths(new BenchSettings { Shape = "", Lengths = BenchSettings.Mixed, PromptCount = prompts }, prompts);
        return new([.. lengths.Select(l => new SequenceLengths(l.Prompt, l.Output))]);
    }

    private static Policy Policy(JsonElement json, bool records)
    {
        return new(Number("gpu_batch_size"), Number("gpu_batch_count"), Number("sequence_length"))
        {
            Weights = Placement("weights"),
            Cache = Placement("cache"),
            Hidden = Placement("hidden"),
            AttentionOnHost = Optional("attention_on_host") ?? 0,
            WeightPages = Optional("weight_pages") is { } pages && pages != Number("gpu_batch_count") ? (int)pages : null,
            RecordsDecode = records,
            CompressWeights = Compression("compress_weights"),
            CompressCache = Compression("compress_kv"),
        };

        int Number(string key) => json.GetProperty(key).GetInt32();

        double? Optional(string key) => json.TryGetProperty(key, out var value) ? value.GetDouble() : null;

        Compression Compression(string key) =>
            json.TryGetProperty(key, out var value) && value.GetString() == "int4" ? FlexGen.Planning.Compression.Int4 : FlexGen.Planning.Compression.None;

        Placement Placement(string key)
        {
            var shares = json.GetProperty(key).GetString()!.Split('/').Select(s => double.Parse(s, CultureInfo.InvariantCulture)).ToArray();
            return new(shares[0], shares[1]);
        }
    }
}
