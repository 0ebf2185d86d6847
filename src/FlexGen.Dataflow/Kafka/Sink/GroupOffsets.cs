using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Positions of one consumer group.</summary>
/// <param name="Membership">The group, and who this process is to it.</param>
/// <param name="Offsets">The next position of each partition.</param>
internal readonly record struct GroupOffsets(IConsumerGroupMetadata Membership, IReadOnlyList<TopicPartitionOffset> Offsets);
