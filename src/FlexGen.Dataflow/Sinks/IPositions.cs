using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Where the positions that a Kafka sink commits are kept.</summary>
internal interface IPositions : IDisposable
{
    /// <summary>The group that has the positions.</summary>
    ConsumerGroup Group { get; }

    /// <summary>The positions to commit with records, which are in the order they were read.</summary>
    IReadOnlyList<TopicPartitionOffset> After(IReadOnlyList<Record> records);

    /// <summary>What was done before the run; nothing where the reader asks the group itself.</summary>
    Coverage DoneAtStart();
}
