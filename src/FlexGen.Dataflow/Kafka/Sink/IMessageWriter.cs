namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Writes messages and commits the positions they were made from. Used by one thread at a time.</summary>
internal interface IMessageWriter : IDisposable
{
    /// <summary>What went wrong last; null where nothing did.</summary>
    string? Failure { get; }

    /// <summary>Makes ready to write. An attempt to commit whose outcome was unknown has one when this returns true.</summary>
    /// <exception cref="PipelineException">Only the user can mend what is wrong.</exception>
    bool TryOpen(TimeSpan patience);

    /// <summary>Begins to write messages, in the order in which they are to stand in their partitions; the next commit covers them.</summary>
    /// <returns>Whether to go on; otherwise the commit, which will fail, says why.</returns>
    bool TryWrite(IEnumerable<OutgoingMessage> messages);

    /// <summary>Commits what was written since the last attempt, which is over then unless its outcome is pending.</summary>
    /// <param name="next">The positions after the records that it was made from.</param>
    /// <param name="positions">Where positions are kept.</param>
    /// <param name="patience">How long to try again what may pass.</param>
    /// <exception cref="PipelineException">Only the user can mend what is wrong.</exception>
    CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience);

    /// <summary>Gives up what was written since the last attempt.</summary>
    /// <exception cref="PipelineException">Only the user can mend what is wrong.</exception>
    void GiveUp(string reason, TimeSpan patience);
}
