using System.CommandLine;
using System.Text.Json.Nodes;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Engine.Models;
using FlexGen.Engine.Tracing;
using FlexGen.Planning.Cost;
using FlexGen.Worker.Benchmarking;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen bench</c>: measures a published shape with random weights.</summary>
internal sealed class BenchCommand
{
    private const int EnoughForTheLongest = 4096;
    private const int WarmUpTokens = 3;
    private readonly Option<bool> json = Report.JsonOption();
    private readonly IReadOnlyList<KeyedOption> what = KeyedOption.ForBench();
    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();

    public static Command Create()
    {
        var bench = new BenchCommand();
        var command = new DetailedCommand(
            "bench",
            "Measures the engine on a published model's shape with random weights.",
            """
            A full run: every layer, every prompt. tokens_per_second is generated tokens over the time from the first prompt to the last
            token; loading, and a warm-up of three tokens with as many prompts as a micro-batch has slots, are not in it. prefill_seconds are those
            of the sweeps in which a prompt was computed, decode_seconds of the others. Peaks are in bytes; gpu_peak_bytes has the CUDA context in it.
            policy has shares in per cent on GPU/host/disk. With --trace, busy_in_decode is the share of decode_seconds in which each lane of copies,
            the GPU (compute), host attention and the engine's thread had work and did not wait; the trace's spans are named layer,micro-batch or
            layer,page, and layer 0 is the embedding.
            FlexGen's policies are given as it gives them: --percent 20 80 0 100 0 100 --gpu-batch-size 48 --num-gpu-batches 3.

            Examples:
              flexgen bench --shape opt-6.7b --gpu-batch-size 7 --num-gpu-batches 7 --percent 0 100 100 0 100 0 --gpu-memory 16GiB
              flexgen bench --shape opt-125m --prompt-len 64 --gen-len 8 --gpu-batch-size 8 --percent 0 0 100 0 100 0 --schedule serial
              flexgen bench --shape llama-3-8b --gpu-batch-size 256 --prompt-len 64 --gen-len 64 --constrain person.schema.json
              flexgen bench --shape opt-1.3b --lengths mixed --num-prompts 64 --gpu-batch-size 16 --slots static --trace trace.json
            """);
        foreach (var option in bench.what.Concat(bench.engine))
        {
            command.Add(option.Option);
        }

        command.Add(bench.json);
        command.SetAction((parse, cancellation) => bench.RunAsync(parse, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var settings = BenchSettings.Load(KeyedOption.Layer(parse, what));
        var engineSettings = EngineSettings.Load(KeyedOption.Layer(parse, engine), KeyedOption.Names(parse, engine));
        engineSettings.MaxSequenceLength = Room(settings, engineSettings.MaxSequenceLength);
        using var traceFile = settings.Trace is { } path ? Open(path) : null;
        using var trace = traceFile is null ? null : new Trace();
        var start = TimeProvider.System.GetTimestamp();
        var planner = new EnginePlanner(engineSettings, Say, Report.Warn, Say);
        var running = planner.Load(
            options => OffloadEngine.LoadShape(settings.Shape, options with { StaticBatches = settings.Slots == "static", Trace = trace }),
            () => Workload(settings, settings.PromptCount ?? EnoughForTheLongest));
        Report.Warn(running.Warning?.Worded(engineSettings.NameOf));
        var loadSeconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var report = new Report().Add("shape", settings.Shape).Add("device", running.Description).Add("schedule", engineSettings.Schedule)
            .Add("slots", settings.Slots).Add("policy", PlanText.Json(running.Policy), PlanText.Of(running.Policy));
        using (running)
        {
            await MeasureAsync(running, settings, trace, report, cancellation);
            if (planner.Plan(running, new(Workload(settings, running.Policy.EffectiveBatchSize), false))?.Prediction is { } predicted)
            {
                report.Add("predicted_tokens_per_second", Math.Round(predicted.TokensPerSecond, 2))
                    .Add("predicted_prefill_seconds", Math.Round(predicted.PrefillSeconds, 3))
                    .Add("predicted_decode_seconds", Math.Round(predicted.DecodeSeconds, 3));
            }
        }

        report.Add("load_seconds", Math.Round(loadSeconds, 1)).AddPeaks(running.Statistics.PeakGpuBytes);
        if (trace is not null)
        {
            var busy = trace.BusyInDecode();
            report.Add(
                "busy_in_decode", new JsonObject(busy.Select(b => KeyValuePair.Create<string, JsonNode?>(b.Key, b.Value))),
                string.Join(", ", busy.Select(b => FormattableString.Invariant($"{b.Key} {b.Value:0.0%}"))));
        }

        report.Print(parse.GetValue(json));
        trace?.Write(traceFile!);
        return ExitCode.Success;

        static void Say(string text) => ErrorStream.Say("bench", text);
    }

    private static async Task MeasureAsync(OffloadEngine running, BenchSettings settings, Trace? trace, Report report, CancellationToken cancellation)
    {
        var lengths = BenchRequests.Lengths(settings, running.Policy.EffectiveBatchSize);
        var constraint = settings.Constrain is { } schema
            ? OutputConstraint.Of(new OutputOptions { Schema = schema }, MadeUpTokens.Create(running.Shape.VocabularySize)) : null;
        // The libraries load their kernels, and the runtime compiles, at first use.
        var first = lengths.Take(running.Policy.GpuBatchSize).Select(l => (l.Prompt, WarmUpTokens)).ToArray();
        await running.GenerateAllAsync(BenchRequests.Create(first, running.Shape.VocabularySize, constraint), cancellation);
        var requests = BenchRequests.Create(lengths, running.Shape.VocabularySize, constraint);
        var before = running.Statistics;
        trace?.Clear();
        var start = TimeProvider.System.GetTimestamp();
        await running.GenerateAllAsync(requests, cancellation);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var statistics = running.Statistics - before;
        report
            .Add("prompts", requests.Count)
            .Add("prompt_tokens", statistics.PromptTokens)
            .Add("completion_tokens", statistics.GeneratedTokens)
            .Add("sweeps", statistics.Sweeps)
            .Add("tokens_per_second", Math.Round(statistics.GeneratedTokens / seconds, 2))
            .Add("seconds", Math.Round(seconds, 3))
            .Add("prefill_seconds", Math.Round(statistics.InPrefill.TotalSeconds, 3))
            .Add("decode_seconds", Math.Round(statistics.InDecode.TotalSeconds, 3));
    }

    private static Workload Workload(BenchSettings settings, int count) =>
        new([.. BenchRequests.Lengths(settings, count).Select(l => new SequenceLengths(l.Prompt, l.Output))]);

    /// <summary>Tokens that a slot must have room for, so that each prompt gets all its output.</summary>
    private static int Room(BenchSettings settings, int? asked)
    {
        var (prompt, output) = BenchRequests.Lengths(settings, EnoughForTheLongest).MaxBy(l => (long)l.Prompt + l.Output);
        var context = PublishedShapes.Create(settings.Shape).Shape.ContextLength;
        return (long)prompt + output <= (asked ?? context) ? asked ?? (prompt + output) : throw new UsageException(
            $"A prompt of {prompt} tokens with {output} generated takes {(long)prompt + output}; a slot has room for {asked ?? context}. "
            + (asked < context ? "Raise --max-sequence-length, or lower --prompt-len, --gen-len or what "
            + "--lengths gives." : $"{settings.Shape} can have no more: lower --prompt-len, --gen-len or what --lengths gives."));
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--trace {path} cannot be written: {e.Message}");
        }
    }
}
