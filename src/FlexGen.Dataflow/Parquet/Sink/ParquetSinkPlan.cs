using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>Output and dead letter in Parquet folders.</summary>
internal sealed class ParquetSinkPlan(ParquetSinkLayout output, ParquetSinkLayout deadLetter, FileOperations files, TimeProvider time, ILogger log) : ISinkPlan
{
    public string Output => output.Folder;

    public string DeadLetter => deadLetter.Folder;

    public async Task<Coverage> ReadDoneAsync(CancellationToken cancellationToken)
    {
        var (outputs, deadLetters, _, _) = await CoveredAsync(
            await PartFolder.ReadAsync(output, cancellationToken), await PartFolder.ReadAsync(deadLetter, cancellationToken), cancellationToken);
        return Union(outputs, deadLetters);
    }

    public async Task<OpenedSink> OpenAsync(Action<Record> onDelivered, CancellationToken cancellationToken)
    {
        TakenFolder? outputs = null;
        TakenFolder? deadLetters = null;
        ParquetSink? sink = null;
        try
        {
            outputs = await TakenFolder.TakeAsync(files, output, log, cancellationToken);
            deadLetters = await TakenFolder.TakeAsync(files, deadLetter, log, cancellationToken);
            var (ofOutputs, ofDeadLetters, topics, moves) = await CoveredAsync(outputs.Found, deadLetters.Found, cancellationToken);
            var done = Union(ofOutputs, ofDeadLetters);
            var covered = new PartCoverage(done);
            var outputWriter = Writer(outputs, output);
            sink = new ParquetSink(outputWriter, Writer(deadLetters, deadLetter), output.Results, onDelivered);
            if (moves.Count > 0)
            {
                await outputWriter.NoteAsync(moves);
            }

            return new OpenedSink(sink, new ParquetLedger(sink, covered, topics, log), done);

            PartWriter Writer(TakenFolder folder, ParquetSinkLayout layout) => new(folder, layout, covered, topics, files, time, log);
        }
        catch
        {
            await (sink?.DisposeAsync() ?? ValueTask.CompletedTask);
            outputs?.Dispose();
            deadLetters?.Dispose();
            throw;
        }
    }

    private async Task<(Coverage Outputs, Coverage DeadLetters, PartTopics Topics, IReadOnlyList<StreamMove> Moves)> CoveredAsync(
        PartFolder outputs, PartFolder deadLetters, CancellationToken cancellationToken)
    {
        var topics = new PartTopics(output.Source, [outputs, deadLetters], log);
        var streams = new RecordedStreams(output.Source, log);
        await streams.FindAsync([outputs, deadLetters], cancellationToken);
        return (streams.Covered(outputs), streams.Covered(deadLetters), topics, streams.Moves);
    }

    private Coverage Union(Coverage outputs, Coverage deadLetters)
    {
        var done = new Coverage();
        done.Add(outputs);
        return done.Add(deadLetters) is { } stream
            ? throw new PipelineException($"records of {stream} are in {Output} and also in {DeadLetter}: remove the part files of one of them.")
            : done;
    }
}
