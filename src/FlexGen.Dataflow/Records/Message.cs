using Confluent.Kafka;

namespace FlexGen.Dataflow.Records;

/// <summary>The Kafka message that a record was read from; it passes through unchanged.</summary>
/// <param name="Position">Topic, partition and offset.</param>
/// <param name="Key">Null where it has none.</param>
/// <param name="Value">Null for a tombstone.</param>
/// <param name="Headers">Null where it has none.</param>
internal sealed record Message(TopicPartitionOffset Position, byte[]? Key, byte[]? Value, Headers? Headers)
{
    public long Bytes => (Key?.Length ?? 0) + (Value?.Length ?? 0);
}
