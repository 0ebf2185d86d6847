using System.CommandLine;
using System.Text.Json.Nodes;
using FlexGen.Engine;
using FlexGen.Engine.Models;
using FlexGen.Engine.Movement;
using FlexGen.Planning;
using FlexGen.Worker.Benchmarking;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen bench</c>: measures a published shape with random weights.</summary>
internal sealed class BenchCommand
{
    private const int EnoughForTheLongest = 4096;
    private const int WarmUpTokens = 3;
    private readonly Option<string> shape = new("--shape") { HelpName = "NAME", Description = $"One of {string.Join(", ", PublishedShapes.Names)}.", Required = true };
    private readonly Option<int> promptLength = new("--prompt-len") { HelpName = "N", Description = "Tokens of each prompt.", DefaultValueFactory = _ => 512 };
    private readonly Option<int> outputLength = new("--gen-len") { HelpName = "N", Description = "Tokens generated for each.", DefaultValueFactory = _ => 32 };
    private readonly Option<int?> promptCount = new("--num-prompts") { HelpName = "N", Description = "How many prompts [default: as many as there are slots]." };
    private readonly Option<string> lengths = new("--lengths")
    {
        HelpName = "FILE|mixed",
        Description = "Lengths that differ, in place of the two above: a JSON line {\"prompt_tokens\", \"completion_tokens\"} for each prompt, or prompts of 50 to 1,000 and outputs of 1 to 256.",
    };

    private readonly Option<string> slots = new("--slots")
    {
        HelpName = "static|continuous",
        Description = "Whether a free slot waits until its whole batch has ended, or is refilled at once.",
        DefaultValueFactory = _ => "continuous",
    };

    private readonly Option<string> traceFile = new("--trace") { HelpName = "FILE", Description = "Write what each stream and thread did, for chrome://tracing or ui.perfetto.dev." };
    private readonly Option<bool> json = Report.JsonOption();
    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();

    public static Command Create()
    {
        var bench = new BenchCommand();
        var command = new DetailedCommand(
            "bench",
            "Measures the engine on a published model's shape with random weights.",
            """
            A full run: every layer, every prompt. tokens_per_second is generated tokens over the time from the first prompt to the last
            token; loading, and a warm-up of three tokens with one micro-batch, are not in it. Peaks are in bytes; gpu_peak_bytes has the CUDA context in it.
            FlexGen's policies are given as it gives them: --percent 20 80 0 100 0 100 --gpu-batch-size 48 --num-gpu-batches 3.

            Examples:
              flexgen bench --shape opt-6.7b --gpu-batch-size 7 --num-gpu-batches 7 --percent 0 100 100 0 100 0 --gpu-memory 16GiB
              flexgen bench --shape opt-125m --prompt-len 64 --gen-len 8 --gpu-batch-size 8 --percent 0 0 100 0 100 0 --schedule serial
              flexgen bench --shape opt-1.3b --lengths mixed --num-prompts 64 --gpu-batch-size 16 --slots static --trace trace.json
            """);
        command.Add(bench.shape);
        command.Add(bench.promptLength);
        command.Add(bench.outputLength);
        command.Add(bench.promptCount);
        command.Add(bench.lengths);
        bench.slots.AcceptOnlyFromAmong("static", "continuous");
        command.Add(bench.slots);
        command.Add(bench.traceFile);
        foreach (var option in bench.engine)
        {
            command.Add(option.Option);
        }
        command.Add(bench.json);
        command.SetAction((parse, cancellation) => bench.RunAsync(parse, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var settings = EngineSettings.Load(KeyedOption.Layer(parse, engine));
        string name = parse.GetRequiredValue(shape);
        var known = Lengths(parse, EnoughForTheLongest);
        settings.MaxSequenceLength ??= Math.Min(known.Max(l => l.Prompt + l.Output), PublishedShapes.Create(name).Shape.ContextLength);
        using var trace = parse.GetValue(traceFile) is null ? null : new Trace();
        long start = TimeProvider.System.GetTimestamp();
        var options = settings.ToOptions() with { StaticBatches = parse.GetValue(slots) == "static", Trace = trace };
        var running = OffloadEngine.LoadShape(name, options);
        double loadSeconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        EngineStatistics statistics;
        double seconds;
        using (running)
        {
            var requests = BenchRequests.Create(Lengths(parse, running.Policy.EffectiveBatchSize), running.Shape.VocabularySize);
            // The libraries load their kernels, and the runtime compiles, at first use.
            await running.GenerateAllAsync([.. requests.Take(running.Policy.GpuBatchSize).Select(r => r with { MaxNewTokens = WarmUpTokens })], cancellation);
            var before = running.Statistics;
            trace?.Clear();
            start = TimeProvider.System.GetTimestamp();
            await running.GenerateAllAsync(requests, cancellation);
            seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            statistics = running.Statistics - before;
        }
        var report = new Report()
            .Add("shape", name)
            .Add("device", running.Description)
            .Add("schedule", settings.Schedule)
            .Add("slots", parse.GetValue(slots))
            .Add("policy", Policy(running.Policy))
            .Add("prompts", Lengths(parse, running.Policy.EffectiveBatchSize).Count)
            .Add("prompt_tokens", statistics.PromptTokens)
            .Add("generated_tokens", statistics.GeneratedTokens)
            .Add("sweeps", statistics.Sweeps)
            .Add("tokens_per_second", Math.Round(statistics.GeneratedTokens / seconds, 2))
            .Add("seconds", Math.Round(seconds, 3))
            .Add("prefill_seconds", Math.Round(statistics.InPrefill.TotalSeconds, 3))
            .Add("decode_seconds", Math.Round(statistics.InDecode.TotalSeconds, 3))
            .Add("load_seconds", Math.Round(loadSeconds, 1))
            .AddPeaks(statistics.PeakGpuBytes);
        if (trace is not null)
        {
            trace.Write(parse.GetValue(traceFile)!);
            report.Add("busy_in_decode", new JsonObject(trace.BusyInDecode().Select(b => KeyValuePair.Create<string, JsonNode?>(b.Key, b.Value))));
        }
        report.Print(parse.GetValue(json));
        return ExitCode.Success;
    }

    private IReadOnlyList<(int Prompt, int Output)> Lengths(ParseResult parse, int slotCount)
    {
        int count = parse.GetValue(promptCount) ?? slotCount;
        return parse.GetValue(lengths) switch
        {
            null => BenchRequests.Same(count, parse.GetValue(promptLength), parse.GetValue(outputLength)),
            "mixed" => BenchRequests.Mixed(count),
            var file => BenchRequests.Read(file),
        };
    }

    private static JsonObject Policy(Policy policy) => new()
    {
        ["gpu_batch_size"] = policy.GpuBatchSize,
        ["gpu_batch_count"] = policy.GpuBatchCount,
        ["sequence_length"] = policy.SequenceLength,
        ["weights"] = policy.Weights.ToString(),
        ["cache"] = policy.Cache.ToString(),
        ["hidden"] = policy.Hidden.ToString(),
        ["weight_pages"] = policy.WeightPages ?? policy.GpuBatchCount,
        ["attention_on_host"] = policy.AttentionOnHost,
    };
}
