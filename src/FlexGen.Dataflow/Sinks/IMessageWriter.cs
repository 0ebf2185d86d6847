namespace FlexGen.Dataflow.Sinks;

/// <summary>Writes messages and commits the positions they were made from. Used by one thread at a time.</summary>
internal interface IMessageWriter : IDisposable
{
    /// <summary>What went wrong last; null where nothing did.</summary>
    string? Failure { get; }

    /// <summary>Makes ready to write. An attempt to commit whose outcome was unknown has one when this returns true.</summary>
    /// <exception cref="PipelineException">Only the user can mend what is wrong.</exception>
    bool TryOpen(TimeSpan patience);

    /// <param name="messages">In the order in which they are to stand in their partitions.</param>
    /// <param name="next">The positions after the records that they were made from.</param>
    /// <param name="positions">Where positions are kept.</param>
    /// <param name="patience">How long to try again what may pass.</param>
    /// <exception cref="PipelineException">Only the user can mend what is wrong.</exception>
    CommitOutcome Commit(
        IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience);
}
