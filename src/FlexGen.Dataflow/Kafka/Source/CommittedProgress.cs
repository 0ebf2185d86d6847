using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>How far a group is by the positions that it has committed, with the records or without.</summary>
/// <param name="group">The group.</param>
/// <param name="log">Where to report.</param>
internal sealed class CommittedProgress(ConsumerGroup group, ILogger log) : GroupProgress(group, log)
{
    public override bool ShowsOthers => true;

    public override IReadOnlyList<TopicPartition> Unfinished(IReadOnlyCollection<TopicPartition> partitions, IReadOnlyDictionary<TopicPartition, long> ends) =>
        partitions.Count == 0
            ? []
            : [.. Group.Committed(partitions).Where(p => p.Offset == Offset.Unset || p.Offset < ends[p.TopicPartition]).Select(p => p.TopicPartition)];

    protected override long? Position(PartitionReading reading) => reading.DoneWithoutRecords;
}
