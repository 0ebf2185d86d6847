using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>What a Kafka sink has done: what was done before the run, and the records that it holds until they are committed.</summary>
/// <param name="done">What earlier runs have done; nothing where the source asks its group.</param>
/// <param name="held">The records.</param>
/// <param name="commits">Commits them.</param>
/// <param name="positions">Who this process is to those whose positions are committed.</param>
/// <param name="log">Where to report.</param>
internal sealed class KafkaLedger(Coverage done, UncommittedRecords held, CommitThread commits, IPositions positions, ILogger log) : ILedger
{
    public IntervalSet Done(string stream) => done.CopyOf(stream);

    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) =>
        held.ExpectAsync(records, cancellationToken);

    public ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments)
    {
        try
        {
            // One who is no member becomes one by polling, which the caller does when this is over.
            commits.CommitAll(goesOn: () => positions.Membership is not null && !commits.IsBroken);
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
        }

        held.Drop(assignments);
        return ValueTask.CompletedTask;
    }
}
