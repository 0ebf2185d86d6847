namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>How little of a record its dead letter holds; each leaves out what those before it leave out, too.</summary>
internal enum DeadLetterContent
{
    /// <summary>The message as it came, with all that there is to say of it.</summary>
    All,

    /// <summary>With the origin as the key of a message that has none, which a compacted topic refuses. So it is from here on.</summary>
    Keyed,

    WithoutValue,

    /// <summary>Without the headers that the message came with.</summary>
    WithoutHeaders,

    /// <summary>With the origin as the key instead of the message's own.</summary>
    WithoutKey,

    /// <summary>The reason and the origin.</summary>
    Reason,

    /// <summary>The origin alone, as the key: some hundred bytes at most.</summary>
    Origin,
}
