using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>
/// Moves records from a source through a generator to a sink: each exactly once to the output or the dead letter, whatever ends a run
/// and however often it is started again. Holds the output folders for this process until it is disposed.
/// </summary>
public sealed class Pipeline : IAsyncDisposable
{
    private readonly PipelineSetup setup;
    private readonly OpenedSink sink;
    private readonly ILogger log;
    private readonly TimeProvider time;

    private Pipeline(PipelineSetup setup, OpenedSink sink, PipelineProgress progress, ILogger log, TimeProvider time)
    {
        this.setup = setup;
        this.sink = sink;
        this.log = log;
        this.time = time;
        Progress = progress;
        RecordsAlreadyDone = setup.CountOf(sink.Done);
    }

    /// <summary>Records in the source; null where no one can know.</summary>
    public long? TotalRecords => setup.Source.TotalRecords;

    /// <summary>Records of the source that earlier runs have done.</summary>
    public long RecordsAlreadyDone { get; }

    public PipelineProgress Progress { get; }

    /// <summary>
    /// Opens and checks everything but the model, takes the output folders for this process, removes what a crash left there and reads
    /// what is already done. Relative paths are relative to <paramref name="baseDirectory"/>.
    /// </summary>
    /// <exception cref="PipelineException">Something is missing or does not fit; the message says what to change.</exception>
    public static Task<Pipeline> OpenAsync(
        PipelineOptions options, string baseDirectory, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(options, baseDirectory, loggers, time, new FileOperations(), cancellationToken);

    /// <summary>
    /// Checks what <see cref="OpenAsync(PipelineOptions, string, ILoggerFactory, TimeProvider, CancellationToken)"/> checks, but takes no lock and
    /// writes nothing.
    /// </summary>
    /// <exception cref="PipelineException">Something is missing or does not fit; the message says what to change.</exception>
    public static async Task<PipelineValidation> ValidateAsync(
        PipelineOptions options, string baseDirectory, ILoggerFactory loggers, CancellationToken cancellationToken, int sampled = 0)
    {
        await using var setup = await PipelineSetup.OpenAsync(
            options, baseDirectory, new FileOperations(), TimeProvider.System, new HidingLogger(loggers.CreateLogger<Pipeline>()), cancellationToken);
        var done = await setup.Sinks.ReadDoneAsync(cancellationToken);
        setup.Source.CheckDone(done);
        return new PipelineValidation(setup.Source.TotalRecords, setup.CountOf(done), [.. setup.Source.Schema.Names], setup.Schema?.Keywords)
        {
            Sample = sampled > 0 ? await SampleAsync(setup, stream => done[stream], sampled, cancellationToken) : [],
        };
    }

    internal static async Task<Pipeline> OpenAsync(
        PipelineOptions options,
        string baseDirectory,
        ILoggerFactory loggers,
        TimeProvider time,
        FileOperations files,
        CancellationToken cancellationToken)
    {
        var log = new HidingLogger(loggers.CreateLogger<Pipeline>());
        var setup = await PipelineSetup.OpenAsync(options, baseDirectory, files, time, log, cancellationToken);
        try
        {
            var progress = new PipelineProgress();
            var pipeline = new Pipeline(setup, await setup.OpenSinkAsync(progress.CountDone, cancellationToken), progress, log, time);
            if (pipeline.TotalRecords is { } total)
            {
                Log.Opened(log, options.Name, total, pipeline.RecordsAlreadyDone);
            }
            else
            {
                Log.OpenedStream(log, options.Name);
            }

            return pipeline;
        }
        catch
        {
            await setup.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The prompts of the first records that are not done, for planning; those that have none are left out. Of a topic none are known before it is read.
    /// </summary>
    /// <param name="count">How many at the most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="PipelineException">A file cannot be read.</exception>
    public Task<IReadOnlyList<Prompt>> SampleAsync(int count, CancellationToken cancellationToken) =>
        SampleAsync(setup, sink.Ledger.Done, count, cancellationToken);

    /// <summary>Runs to the end of the source; call it once.</summary>
    /// <param name="generator">Makes the outputs; it stays the caller's to dispose.</param>
    /// <param name="stop">Stops early: nothing more is read, what is in flight is given up, what is complete is committed.</param>
    /// <exception cref="PipelineException">The run failed. What was not committed is deleted; starting again goes on from there.</exception>
    public async Task<PipelineSummary> RunAsync(IGenerator generator, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        using var stopping = stop.Register(() => Log.Stopping(log));
        using var graph = new PipelineGraph(setup, sink, generator, time, log, stop);
        try
        {
            var isRead = await graph.RunAsync();
            setup.Embedded?.ShowResults();
            return new PipelineSummary(
                isRead && graph.Dropped == 0,
                RecordsAlreadyDone,
                Progress.RecordsCompleted,
                Progress.RecordsFailed,
                Progress.ErrorsByReason,
                setup.Source.DeletedUnread,
                Progress.PromptTokens,
                Progress.CompletionTokens,
                time.GetElapsedTime(start),
                setup.Sinks.Output,
                setup.Sinks.DeadLetter);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives up what is not committed and frees what the run wrote to.</summary>
    public ValueTask DisposeAsync() => setup.DisposeAsync();

    private static async Task<IReadOnlyList<Prompt>> SampleAsync(
        PipelineSetup setup, Func<string, IntervalSet> done, int count, CancellationToken cancellationToken)
    {
        var prompts = new List<Prompt>();
        if (setup.Source is not ParquetSource files)
        {
            return prompts;
        }

        await foreach (var records in files.ReadAllAsync(cancellationToken, done))
        {
            files.Decode(records);
            foreach (var record in records.Where(r => r.Error is null))
            {
                try
                {
                    prompts.Add(setup.Prompt.Render(record.Rows, record.Row));
                }
                catch (Exception e) when (RecordException.IsOfRecord(e))
                {
                    // It gets its error when its turn comes.
                }
            }

            if (prompts.Count >= count)
            {
                return prompts[..count];
            }
        }

        return prompts;
    }
}
