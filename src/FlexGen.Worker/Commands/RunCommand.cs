using System.CommandLine;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Hosting;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen run</c>: runs a pipeline.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    public static Command Create()
    {
        var arguments = new PipelineArguments();
        var command = new DetailedCommand(
            Name,
            "Runs a pipeline: reads its source, generates for each record, writes output and dead letter.",
            """
            Each record ends up exactly once in output or dead letter, whatever stops the process: the same command goes on where it stopped.
            SIGTERM, Ctrl+C and a closed terminal stop the reading, commit what is done and exit 0. A progress bar shows on a terminal, log lines elsewhere.
            A key of the file is overridden by an environment variable (FLEXGEN__generation__maxNewTokens=32), that by --set, that by the options below.

            Examples:
              flexgen run pipelines/extract-demo.yaml
              flexgen run pipelines/extract-demo.yaml --set sink.parquet.path=out/second --set deadLetter.parquet.path=out/second-errors
              flexgen run pipelines/extract-demo.yaml --device cuda:0 --gpu-memory 16GiB --json
            """);
        arguments.AddTo(command);
        command.SetAction(async (parse, _) =>
        {
            var terminated = Signals.Take();
            var options = arguments.Load(parse);
            var outcome = await WorkerHost.RunAsync(options, parse.GetValue(CommonOptions.Verbose), terminated);
            if (outcome is not null)
            {
                Summarize(outcome, options).TryPrint(parse.GetValue(arguments.Json));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Report Summarize(RunOutcome outcome, WorkerOptions options)
    {
        var summary = outcome.Summary;
        var seconds = summary.Elapsed.TotalSeconds;
        var report = new Report()
            .Add("pipeline", options.Name)
            .Add("state", summary.Completed ? "complete" : "stopped", summary.Completed ? null : "stopped by a signal; the same command continues")
            .Add("total_records", outcome.TotalRecords ?? outcome.Done)
            .Add("already_done", summary.RecordsAlreadyDone)
            .Add("records", summary.RecordsCompleted)
            .Add("errors", summary.RecordsFailed);
        foreach (var (reason, count) in summary.ErrorsByReason.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            report.Add($"errors_{reason}", count);
        }

        if (summary.DeletedUnread is { } deleted)
        {
            report.Add("deleted_unread", deleted);
        }

        report
            .Add("prompt_tokens", summary.PromptTokens)
            .Add("completion_tokens", summary.CompletionTokens)
            .Add("tokens_per_second", Math.Round(summary.CompletionTokens / Math.Max(seconds, 1e-3), 1));
        if (outcome.Account is { } account)
        {
            report.Add(account.Report());
        }

        report
            .Add("seconds", Math.Round(seconds, 1))
            .Add("output", summary.Output)
            .Add("dead_letter", summary.DeadLetter);
        return outcome.PeakGpuBytes is { } peak ? report.AddPeaks(peak) : report;
    }
}
