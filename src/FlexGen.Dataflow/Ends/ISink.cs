using System.Collections.Immutable;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>
/// Where records go, outputs and errors. What was written but not committed is as if it had never been, and disposing gives it up.
/// Written to by one thread, released by another.
/// </summary>
internal interface ISink : IAsyncDisposable
{
    /// <summary>Told of each record when it is this process's no longer, for it is where it belongs. Set before anything is written.</summary>
    Action<Record> OnDelivered { set; }

    /// <summary>Whether <see cref="CoveredAsync"/> says what is done of a consumer group's partitions; otherwise the group does.</summary>
    bool KeepsPositions { get; }

    /// <summary>Where streams begin, as far as the sink was told; of those that it was not, at 0.</summary>
    IReadOnlyDictionary<string, long> Starts => ImmutableDictionary<string, long>.Empty;

    /// <summary>The positions of a stream whose records are done, as far as the sink knows. The caller may keep them.</summary>
    ValueTask<IntervalSet> CoveredAsync(string stream);

    /// <summary>Keeps where streams begin: what is before is not wanted. Only where <see cref="KeepsPositions"/>.</summary>
    ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts) => throw new NotSupportedException();

    /// <summary>Announces records in the order they were read; waits while there is no room for them.</summary>
    ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken);

    /// <summary>Makes of a completed record what can be made before it is written. Called from several threads at once.</summary>
    /// <exception cref="RecordException">It holds what the sink cannot write.</exception>
    void Encode(Record record);

    /// <summary>Takes announced records; may commit. Where a record's assignment is lost, it is not this process's to deliver.</summary>
    ValueTask WriteAsync(Record[] records);

    /// <summary>Commits if what is not committed has waited long enough.</summary>
    ValueTask CommitIfDueAsync();

    /// <summary>Makes everything written durable, together with the positions it came from.</summary>
    ValueTask CommitAsync();

    /// <summary>
    /// Commits what can be of assignments that are about to end, and ends them. Does not fail, for the group waits for it: what it cannot
    /// commit is read again, and where the sink is broken by it the next call of another method says so.
    /// </summary>
    ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments);
}
