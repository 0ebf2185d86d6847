using Confluent.Kafka;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Where the positions are kept that a Kafka sink commits together with results. Used by one thread at a time, but for <see cref="Membership"/>.
/// </summary>
internal interface IPositions : IDisposable
{
    /// <summary>Who this process is to the group that has the positions; null while it may not commit.</summary>
    IConsumerGroupMetadata? Membership { get; }

    /// <summary>What was done before the run; nothing where the reader asks the group itself.</summary>
    Coverage DoneAtStart();

    /// <summary>What <see cref="DoneAtStart"/> found in another place than it is to be: to be committed before anything else.</summary>
    IReadOnlyList<GroupOffsets> Moved { get; }

    /// <summary>The positions to commit with records.</summary>
    /// <param name="records">Those of each stream are in the order they were read.</param>
    /// <param name="membership">What <see cref="Membership"/> was when none of the records was lost.</param>
    IReadOnlyList<GroupOffsets> After(IReadOnlyList<Record> records, IConsumerGroupMetadata membership);

    /// <summary>Whether positions are committed, once no transaction is open.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    /// <exception cref="PipelineException">Another process has moved them.</exception>
    bool AreCommitted(IReadOnlyList<GroupOffsets> positions);

    /// <summary>Learns that positions were committed.</summary>
    void Note(IReadOnlyList<GroupOffsets> positions);

    /// <summary>Commits positions by themselves.</summary>
    /// <exception cref="KafkaException">The brokers did not take them.</exception>
    void Commit(IReadOnlyList<GroupOffsets> positions);
}
