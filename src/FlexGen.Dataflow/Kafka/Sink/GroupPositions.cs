using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>The positions of a Kafka source: the next offset of each partition. The source owns the group's consumer.</summary>
/// <param name="group">The group.</param>
/// <param name="topics">The topics that the positions are in.</param>
internal sealed class GroupPositions(ConsumerGroup group, TopicIdentities topics) : IPositions
{
    private static readonly TimeSpan topicsPeriod = TimeSpan.FromSeconds(1);

    public IConsumerGroupMetadata? Membership => group.Membership;

    public IReadOnlyList<GroupOffsets> Moved => [];

    public Coverage DoneAtStart() => new();

    public IReadOnlyList<GroupOffsets> After(IReadOnlyList<Record> records, IConsumerGroupMetadata membership)
    {
        topics.Check(topicsPeriod);
        var next = new Dictionary<Assignment, long>();
        foreach (var record in records)
        {
            next[record.Assignment] = record.Position + 1;
        }

        return [new GroupOffsets(membership, [.. next.Select(p => new TopicPartitionOffset(p.Key.Partition, p.Value))])];
    }

    public bool AreCommitted(IReadOnlyList<GroupOffsets> positions)
    {
        var committed = group.Committed(positions[0].Offsets.Select(p => p.TopicPartition)).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
        return positions[0].Offsets.All(p => committed[p.TopicPartition] >= p.Offset.Value);
    }

    public void Note(IReadOnlyList<GroupOffsets> positions)
    {
    }

    public void Commit(IReadOnlyList<GroupOffsets> positions) => group.Consumer.Commit(positions[0].Offsets);

    public void Dispose()
    {
    }
}
