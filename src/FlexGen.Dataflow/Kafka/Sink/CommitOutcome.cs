namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>What became of an attempt to commit.</summary>
internal enum CommitOutcome
{
    Committed,

    /// <summary>Nothing of it will ever be seen; it can be tried again.</summary>
    NotCommitted,

    /// <summary>It is not over: it is to be committed again as it is.</summary>
    Pending,

    /// <summary>The brokers will not take a message of it.</summary>
    Refused,

    /// <summary>Only the committed positions can tell.</summary>
    Unknown,
}
