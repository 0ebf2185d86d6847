using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>The positions of a Kafka source: the next offset of each partition. The source owns the group's consumer.</summary>
internal sealed class GroupPositions(ConsumerGroup group) : IPositions
{
    public ConsumerGroup Group => group;

    public IReadOnlyList<TopicPartitionOffset> After(IReadOnlyList<Record> records)
    {
        var next = new Dictionary<TopicPartition, Offset>();
        foreach (var record in records)
        {
            next[record.Message!.Position.TopicPartition] = record.Message.Position.Offset + 1;
        }
        return [.. next.Select(p => new TopicPartitionOffset(p.Key, p.Value))];
    }

    public Coverage DoneAtStart() => new();

    public void Dispose()
    {
    }
}
