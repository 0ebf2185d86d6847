using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Hosting;

/// <summary>Runs the pipeline once and ends the host. A signal to the host stops the reading and commits what is done.</summary>
internal sealed class PipelineService(
    WorkerOptions options, IProgressDisplay display, ILoggerFactory loggers, TimeProvider time, IHostApplicationLifetime lifetime) : BackgroundService
{
    private readonly WorkerLog log = new(loggers.CreateLogger<PipelineService>());

    /// <summary>What the run came to; null while it has not, and when a signal came before it began.</summary>
    public RunOutcome? Outcome { get; private set; }

    /// <summary>Logs that a signal came before any record was read, be it before the service began.</summary>
    public void SayStoppedBeforeStart() => log.StoppedBeforeStart();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            Outcome = await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            SayStoppedBeforeStart();
        }
        finally
        {
            lifetime.StopApplication();
        }
    }

    private async Task<RunOutcome> RunAsync(CancellationToken stop)
    {
        await using var pipeline = await Pipeline.OpenAsync(options, Environment.CurrentDirectory, loggers, time, stop);
        // Loading a large model takes long, and nothing is lost by leaving it at once.
        var sample = options.Model!.Path is null ? [] : await pipeline.SampleAsync(Workloads.Sampled, stop);
        await using var generator = await Task.Run(
            () => GeneratorFactory.Create(options, time, log, sample, pipeline.TotalRecords - pipeline.RecordsAlreadyDone),
            CancellationToken.None).WaitAsync(stop);
        var run = pipeline.RunAsync(generator, stop);
        await display.ShowAsync(options.Name, pipeline, run);
        var engine = generator as EngineGenerator;
        var summary = await run;
        var outcome = new RunOutcome(summary, pipeline.TotalRecords, engine?.PeakGpuBytes, engine?.Account(summary.Elapsed, summary.CompletionTokens));
        if (!outcome.Summary.Completed)
        {
            if (!stop.IsCancellationRequested)
            {
                throw new PipelineException($"the generator gave up records though nothing asked it to: {outcome.Done} of "
                    + $"{outcome.TotalRecords} are done. Run the same command again.");
            }

            if (outcome.TotalRecords is { } total)
            {
                log.Drained(outcome.Done, total);
            }
            else
            {
                log.DrainedStream(outcome.Done);
            }
        }

        return outcome;
    }
}
