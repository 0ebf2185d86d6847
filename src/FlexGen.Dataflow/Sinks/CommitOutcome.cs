namespace FlexGen.Dataflow.Sinks;

/// <summary>What became of an attempt to commit.</summary>
internal enum CommitOutcome
{
    Committed,

    /// <summary>Nothing of it will ever be seen; it can be tried again.</summary>
    NotCommitted,

    /// <summary>The brokers will not take a message of it.</summary>
    Refused,

    /// <summary>Only the committed positions can tell.</summary>
    Unknown,
}
