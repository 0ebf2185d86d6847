using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>How far a group is, by whatever has its positions, and what the group is told of them. Called on the thread that polls.</summary>
/// <param name="group">The group.</param>
/// <param name="log">Where to report.</param>
internal abstract class GroupProgress(ConsumerGroup group, ILogger log)
{
    private long toldAt;

    /// <summary>Whether it shows what other members of the group do.</summary>
    public abstract bool ShowsOthers { get; }

    protected ConsumerGroup Group => group;

    /// <summary>The partitions that are not done up to their ends.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public abstract IReadOnlyList<TopicPartition> Unfinished(IReadOnlyCollection<TopicPartition> partitions, IReadOnlyDictionary<TopicPartition, long> ends);

    /// <summary>Tells the group all that this process has done.</summary>
    /// <exception cref="PipelineException">The sink cannot commit it.</exception>
    public virtual void TellAll(IEnumerable<PartitionReading> readings) => Tell(readings, TimeSpan.Zero);

    /// <summary>Tells the group what no record does, unless it has within <paramref name="period"/>. What the brokers do not take a later call tells.</summary>
    public void Tell(IEnumerable<PartitionReading> readings, TimeSpan period)
    {
        if (TimeProvider.System.GetElapsedTime(toldAt) < period)
        {
            return;
        }

        toldAt = TimeProvider.System.GetTimestamp();
        var positions = readings.Select(reading => (Reading: reading, Position: Position(reading))).Where(p => p.Position > p.Reading.Told).ToArray();
        try
        {
            if (positions.Length > 0)
            {
                group.Consumer.Commit(positions.Select(p => new TopicPartitionOffset(p.Reading.Partition, p.Position!.Value)));
            }
        }
        catch (KafkaException e)
        {
            Log.Retrying(log, "committing positions", e.Error.Reason);
            return;
        }

        foreach (var (reading, position) in positions)
        {
            reading.Tell(position!.Value);
        }
    }

    /// <summary>The position up to which all is done, where no record tells the group; null where there is none.</summary>
    protected abstract long? Position(PartitionReading reading);
}
