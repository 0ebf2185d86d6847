using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What part files say is done, and where streams begin.</summary>
/// <param name="sink">What writes them.</param>
/// <param name="covered">What finished ones cover.</param>
/// <param name="topics">Of which topics that is, and where their partitions begin.</param>
/// <param name="log">Where to report.</param>
internal sealed class ParquetLedger(ParquetSink sink, PartCoverage covered, PartTopics topics, ILogger log) : ITopicLedger
{
    public IReadOnlyDictionary<string, long> Starts => topics.Starts;

    public IntervalSet Done(string stream)
    {
        // It may be one that was not there when the folders were opened.
        topics.Check(stream);
        return covered.Of(stream);
    }

    public ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts)
    {
        topics.Begin(starts);
        return sink.BeginAsync(starts.Keys);
    }

    // Part files grow as records come: there is always room.
    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken)
    {
        sink.ThrowIfBroken();
        return ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync() => sink.CommitAsync();

    public async ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments)
    {
        // First: what the sink took after its commit would be in a part file, and read again when the stream comes back before that is finished.
        foreach (var assignment in assignments)
        {
            assignment.Lose();
        }

        try
        {
            await sink.CommitAsync();
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
        }
    }
}
