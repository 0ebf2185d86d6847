using FlexGen.Dataflow.Checks;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sinks;
using FlexGen.Dataflow.Sources;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>Everything that a pipeline file names, opened and checked against each other; nothing is written yet.</summary>
internal sealed record PipelineParts(
    ISource Source, PromptTemplate Template, OutputSchema? Schema, ParquetSinkLayout Output, ParquetSinkLayout DeadLetter)
{
    /// <exception cref="PipelineException">Something is missing or does not fit.</exception>
    public static async Task<PipelineParts> OpenAsync(
        PipelineOptions options, string baseDirectory, ILogger log, CancellationToken cancellationToken)
    {
        if (OptionsValidation.Errors(options) is { Count: > 0 } errors)
        {
            throw new PipelineException(string.Join(Environment.NewLine, errors));
        }
        var source = await ParquetSource.OpenAsync(options.Source.Parquet!, baseDirectory, cancellationToken);
        if (source.Identities.Count == 0)
        {
            Log.SourceEmpty(log, options.Source.Parquet!.Path);
        }
        var schema = options.Output is null ? null : await OutputSchema.ReadAsync(Path.GetFullPath(options.Output.Schema, baseDirectory), cancellationToken);
        var template = source.Identities.Count == 0 ? PromptTemplate.Empty : PromptTemplate.Parse(options.Prompt.Template, source.Schema);
        var output = Layout(options.Sink, AddedColumn.OfOutputs);
        var deadLetter = Layout(options.DeadLetter, AddedColumn.OfDeadLetters);
        output.CheckNames("sink");
        deadLetter.CheckNames("deadLetter");
        CheckFolders(output.Folder, deadLetter.Folder, source);
        return new PipelineParts(source, template, schema, output, deadLetter);

        ParquetSinkLayout Layout(SinkOptions sink, IReadOnlyList<AddedColumn> added)
        {
            var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sink.Parquet!.Path, baseDirectory));
            return new ParquetSinkLayout(folder, options.Name, sink.Parquet, source.Schema, added, source.Identities);
        }
    }

    /// <summary>How many of the source's records are in <paramref name="done"/>.</summary>
    public long CountOf(Coverage done) =>
        done.Streams.Where(stream => Source.Identities.ContainsKey(stream.Key)).Sum(stream => stream.Value.Count);

    /// <exception cref="PipelineException">A record is in both.</exception>
    public Coverage Union(Coverage output, Coverage deadLetter)
    {
        var done = new Coverage();
        done.Add(output);
        return done.Add(deadLetter) is { } stream
            ? throw new PipelineException($"records of {stream} are in {Output.Folder} and also in {DeadLetter.Folder}: remove the part files of one of them.")
            : done;
    }

    private static void CheckFolders(string output, string deadLetter, ParquetSource source)
    {
        if (output == deadLetter)
        {
            throw new PipelineException($"sink and deadLetter both write to {output}: give them folders of their own.");
        }
        foreach (var folder in new[] { output, deadLetter })
        {
            if (source.Reads(folder))
            {
                throw new PipelineException($"{folder}, which the pipeline writes to, is among what the source reads: choose another folder.");
            }
        }
    }
}
