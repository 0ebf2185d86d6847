using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlexGen.Dataflow.Kafka;

/// <summary>Where the logs of partitions begin and end, in one question for many partitions.</summary>
internal sealed class PartitionLogs(IAdminClient admin)
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The first offset that is still there; that of the next message where none is.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<TopicPartition, long> Beginnings(IEnumerable<TopicPartition> partitions) => Ask(partitions, OffsetSpec.Earliest());

    /// <summary>The offset up to which a reader of committed messages gets.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<TopicPartition, long> Ends(IEnumerable<TopicPartition> partitions) => Ask(partitions, OffsetSpec.Latest());

    /// <summary>The offset up to which messages are there, committed or not.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<TopicPartition, long> HighWatermarks(IEnumerable<TopicPartition> partitions) =>
        Ask(partitions, OffsetSpec.Latest(), IsolationLevel.ReadUncommitted);

    /// <summary>The offset of the first message of a time or a later one; the end where there is none.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="time">Milliseconds since 1970.</param>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<TopicPartition, long> At(IReadOnlyCollection<TopicPartition> partitions, long time)
    {
        // The ends first: a message that comes between the two questions is not passed over.
        var ends = Ends(partitions);
        return Ask(partitions, OffsetSpec.ForTimestamp(time)).ToDictionary(p => p.Key, p => p.Value < 0 ? ends[p.Key] : p.Value);
    }

    private Dictionary<TopicPartition, long> Ask(
        IEnumerable<TopicPartition> partitions, OffsetSpec place, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        var asked = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = place }).ToArray();
        if (asked.Length == 0)
        {
            return [];
        }

        var options = new ListOffsetsOptions { RequestTimeout = requestTimeout, IsolationLevel = isolation };
        try
        {
            return admin.ListOffsetsAsync(asked, options).GetAwaiter().GetResult().ResultInfos
                .Select(info => info.TopicPartitionOffsetError).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
        }
        catch (ListOffsetsException e)
        {
            var first = e.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError).FirstOrDefault(p => p.Error.IsError);
            throw first is null ? e : new KafkaException(new Error(first.Error.Code, $"{first.TopicPartition}: {first.Error.Reason}"), e);
        }
    }
}
