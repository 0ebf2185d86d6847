using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>Where partitions begin.</summary>
internal interface IStart
{
    /// <summary>Makes where partitions begin that were never read outlast this process; to be called before it joins the group.</summary>
    /// <exception cref="KafkaException">The brokers did not answer, or refused.</exception>
    void Commit();

    /// <summary>Where this process begins to read partitions that it was assigned: at what is not known to be done.</summary>
    /// <exception cref="KafkaException">The brokers did not answer, or refused.</exception>
    IReadOnlyDictionary<TopicPartition, StreamStart> Positions(IReadOnlyCollection<TopicPartition> assigned);
}
