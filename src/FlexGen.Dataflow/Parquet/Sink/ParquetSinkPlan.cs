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

    public async Task<(ISink Sink, Coverage Done)> OpenAsync(CancellationToken cancellationToken)
    {
        ParquetSink? outputs = null;
        ParquetSink? deadLetters = null;
        try
        {
            outputs = await ParquetSink.OpenAsync(files, output, time, log, cancellationToken);
            deadLetters = await ParquetSink.OpenAsync(files, deadLetter, time, log, cancellationToken);
            (outputs.Covered, deadLetters.Covered, var topics, var moves) = await CoveredAsync(outputs.Found, deadLetters.Found, cancellationToken);
            (outputs.Starts, deadLetters.Starts) = (topics.Starts, topics.Starts);
            var done = Union(outputs.Covered, deadLetters.Covered);
            if (moves.Count > 0)
            {
                await outputs.NoteAsync(moves);
            }
            return (new ParquetSinks(outputs, deadLetters, topics, log), done);
        }
        catch
        {
            await (outputs?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (deadLetters?.DisposeAsync() ?? ValueTask.CompletedTask);
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
