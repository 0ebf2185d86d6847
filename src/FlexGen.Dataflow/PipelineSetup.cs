using FlexGen.Dataflow.Checks;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Parquet.Sink;
using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>
/// Everything that a pipeline file names, opened and checked against each other, and the sink once it is opened: nothing is written before.
/// The one owner of them all.
/// </summary>
internal sealed class PipelineSetup(ISource source, PromptForm prompt, OutputSchema? schema, ISinkPlan sinks, EmbeddedKafka? embedded) : IAsyncDisposable
{
    private ISink? sink;
    private bool isDisposed;

    public ISource Source => source;

    public PromptForm Prompt => prompt;

    public OutputSchema? Schema => schema;

    public ISinkPlan Sinks => sinks;

    public EmbeddedKafka? Embedded => embedded;

    /// <exception cref="PipelineException">Something is missing or does not fit.</exception>
    public static async Task<PipelineSetup> OpenAsync(
        PipelineOptions options, string baseDirectory, FileOperations files, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        if (OptionsValidation.Errors(options) is { Count: > 0 } errors)
        {
            throw new PipelineDefinitionException(errors);
        }

        var schema = options.Output?.Schema is not { } schemaFile ? null
            : await OutputSchema.ReadAsync(Path.GetFullPath(schemaFile, baseDirectory), time, cancellationToken);
        var results = options.Output is { HasColumns: true } ? ResultsOf(schema!, options.Output) : null;
        var embedded = await EmbeddedKafka.StartAsync(options, baseDirectory, log, cancellationToken);
        ISource? source = null;
        try
        {
            source = options.Source.Kafka is null
                ? await ParquetSource.OpenAsync(options.Source.Parquet!, baseDirectory, time, cancellationToken)
                : await Task.Run(() => KafkaSetup.OpenSource(options, results, log), cancellationToken);
            var isEmpty = options.Source.Parquet is not null && source.Identities.Count == 0;
            if (isEmpty)
            {
                Log.SourceEmpty(log, options.Source.Parquet!.Path);
            }

            var prompt = isEmpty ? PromptForm.Empty : PromptForm.Parse(options.Prompt, source.Schema);
            var sinks = options.Sink.Kafka is null && options.DeadLetter.Kafka is null
                ? ParquetPlan(options, source, results, baseDirectory, files, time, log)
                : await Task.Run(() => KafkaSetup.PlanSinks(options, source, results, log), cancellationToken);
            return new PipelineSetup(source, prompt, schema, sinks, embedded);
        }
        catch
        {
            await DisposeAsync(source, null, embedded);
            throw;
        }
    }

    /// <summary>Takes what the sink writes to for this process, until this is disposed of.</summary>
    /// <inheritdoc cref="ISinkPlan.OpenAsync"/>
    public async Task<OpenedSink> OpenSinkAsync(Action<Record> onDelivered, CancellationToken cancellationToken)
    {
        var opened = await sinks.OpenAsync(onDelivered, cancellationToken);
        sink = opened.Sink;
        source.CheckDone(opened.Done);
        return opened;
    }

    /// <summary>How many of the source's records are in <paramref name="done"/>.</summary>
    public long CountOf(Coverage done) =>
        done.Streams.Where(stream => source.Files?.Identities.ContainsKey(stream.Key) == true).Sum(stream => stream.Value.Count);

    public async ValueTask DisposeAsync()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            await DisposeAsync(source, sink, embedded);
        }
    }

    private static async ValueTask DisposeAsync(ISource? source, ISink? sink, EmbeddedKafka? embedded)
    {
        using (embedded)
        {
            await using (sink)
            {
                // First: leaving its group, it has the sink commit what can be.
                await (source?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
        }
    }

    private static ResultColumns ResultsOf(OutputSchema schema, OutputOptions options)
    {
        try
        {
            return ResultColumns.Of(schema.Root, options.HasColumnsOnly);
        }
        catch (SchemaException e)
        {
            throw new PipelineDefinitionException($"output.columns: in {options.Schema}, {e.Message}.", e);
        }
    }

    private static ParquetSinkPlan ParquetPlan(
        PipelineOptions options, ISource source, ResultColumns? results, string baseDirectory, FileOperations files, TimeProvider time, ILogger log)
    {
        var output = Layout(options.Sink, AddedColumn.ToOutputs(options.Source.Kafka is not null, options.Output), isOutput: true);
        var deadLetter = Layout(options.DeadLetter, AddedColumn.ToDeadLetters(options.Source.Kafka is not null), isOutput: false);
        output.CheckNames("sink");
        deadLetter.CheckNames("deadLetter");
        CheckFolders(output.Folder, deadLetter.Folder, source as ParquetSource);
        return new ParquetSinkPlan(output, deadLetter, files, time, log);

        ParquetSinkLayout Layout(SinkOptions sink, IReadOnlyList<AddedColumn> added, bool isOutput)
        {
            var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sink.Parquet!.Path, baseDirectory));
            var names = sink.Parquet.Names;
            AddedColumn[] named = [.. added.Select(column => names.TryGetValue(column.Field.Name, out var name) ? column.As(name) : column)];
            return new ParquetSinkLayout(folder, options.Name, sink.Parquet, source.Schema, named, source, isOutput, isOutput ? results : null);
        }
    }

    private static void CheckFolders(string output, string deadLetter, ParquetSource? source)
    {
        if (output == deadLetter)
        {
            throw new PipelineDefinitionException($"sink and deadLetter both write to {output}: give them folders of their own.");
        }

        foreach (var folder in new[] { output, deadLetter })
        {
            if (source?.Reads(folder) == true)
            {
                throw new PipelineDefinitionException($"{folder}, which the pipeline writes to, is among what the source reads: choose another folder.");
            }
        }
    }
}
