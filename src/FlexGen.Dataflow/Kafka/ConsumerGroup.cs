using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka;

/// <summary>A consumer and what its group knows: which positions are committed, and who this process is to the group.</summary>
internal sealed class ConsumerGroup : IDisposable
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);
    private volatile IConsumerGroupMetadata? membership;

    public ConsumerGroup(string groupId, IConsumer<byte[], byte[]> consumer)
    {
        GroupId = groupId;
        Consumer = consumer;
    }

    public string GroupId { get; }

    public IConsumer<byte[], byte[]> Consumer { get; }

    /// <summary>Member and generation, by which the brokers refuse the offsets of one who was thrown out; null while it is no member.</summary>
    public IConsumerGroupMetadata? Membership => membership;

    /// <summary>Call it on the thread that polls, outside of a loss of the assignment.</summary>
    public void RefreshMembership()
    {
        var current = Consumer.ConsumerGroupMetadata;
        // Without a member id the brokers would check nothing. It is asked for last: once it is gone, only this thread's next poll
        // can bring another.
        membership = string.IsNullOrEmpty(Consumer.MemberId) ? null : current;
    }

    public void LoseMembership() => membership = null;

    /// <summary>The committed positions, once no transaction is about to change them.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyList<TopicPartitionOffset> Committed(IEnumerable<TopicPartition> partitions) => Consumer.Committed(partitions, requestTimeout);

    public void Dispose() => Consumer.Dispose();
}
