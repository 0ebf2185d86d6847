using System.Globalization;
using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Sinks;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sources;

/// <summary>The partitions that the group has assigned to this process. All is called on the thread that polls.</summary>
/// <param name="start">Where a partition begins that the group never read.</param>
/// <param name="ends">Where to stop; null to go on forever.</param>
/// <param name="log">Where to report.</param>
internal sealed class PartitionReadings(string start, IReadOnlyDictionary<TopicPartition, long>? ends, ILogger log)
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);
    private const int MaxTries = 6;

    private readonly Dictionary<TopicPartition, PartitionReading> readings = [];

    public IReadOnlyDictionary<TopicPartition, PartitionReading> All => readings;

    /// <summary>The group's positions, and this process's standing in it.</summary>
    public required ConsumerGroup? Group { get; set; }

    /// <summary>Where the records go: it is told of what is lost.</summary>
    public ISink? Sink { get; set; }

    /// <summary>Takes partitions over, each from the first position that is not known to be done.</summary>
    public IEnumerable<TopicPartitionOffset> Assign(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions)
    {
        var positions = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var covered = Wait(Sink!.CoveredAsync(PartitionReading.StreamOf(partition)));
            readings[partition] = new PartitionReading(partition, covered, ends is null ? null : ends.GetValueOrDefault(partition));
            positions.Add(new TopicPartitionOffset(partition, covered.EndOfFirst > 0 ? covered.EndOfFirst : Offset.Unset));
        }
        if (partitions.Count > 0)
        {
            Log.PartitionsAssigned(log, string.Join(", ", partitions.Select(PartitionReading.StreamOf)));
        }
        Group!.RefreshMembership();
        return start == "earliest" ? positions : [.. positions.Where(p => p.Offset != Offset.Unset), .. Begin(consumer, positions)];
    }

    /// <summary>Gives partitions up: what can be committed is, the rest is read again by whoever gets them.</summary>
    public void Revoke(IReadOnlyCollection<TopicPartition> partitions)
    {
        Group!.RefreshMembership();
        End(partitions);
    }

    /// <summary>Learns that partitions are another's already.</summary>
    public void Lose(IReadOnlyCollection<TopicPartition> partitions)
    {
        Group!.LoseMembership();
        Log.PartitionsLost(log, string.Join(", ", partitions.Select(PartitionReading.StreamOf)));
        End(partitions);
    }

    private void End(IReadOnlyCollection<TopicPartition> partitions)
    {
        var ended = partitions.Where(readings.ContainsKey).Select(p => readings[p].Assignment).ToArray();
        foreach (var partition in partitions)
        {
            readings.Remove(partition);
        }
        Wait(Sink!.ReleaseAsync(ended));
        if (ended.Length > 0)
        {
            Log.PartitionsReleased(log, string.Join(", ", ended.Select(assignment => assignment.Stream)));
        }
    }

    // A start that moves with time is committed, so that a crash before the first commit does not move it.
    private List<TopicPartitionOffset> Begin(IConsumer<byte[], byte[]> consumer, IEnumerable<TopicPartitionOffset> positions)
    {
        var unset = positions.Where(p => p.Offset == Offset.Unset).Select(p => p.TopicPartition).ToList();
        for (int tries = 1; ; tries++)
        {
            try
            {
                var committed = unset.Count == 0 ? [] : consumer.Committed(unset, requestTimeout);
                var begun = committed.Select(p => p.Offset == Offset.Unset ? Resolve(consumer, p.TopicPartition) : p).ToList();
                var first = begun.Where(p => committed.First(c => c.TopicPartition == p.TopicPartition).Offset == Offset.Unset).ToList();
                if (first.Count > 0)
                {
                    consumer.Commit(first);
                }
                return begun;
            }
            catch (KafkaException e) when (tries < MaxTries && KafkaErrors.Remedy(e.Error) is null)
            {
                Log.Retrying(log, "finding where to start", e.Error.Reason);
            }
        }
    }

    private TopicPartitionOffset Resolve(IConsumer<byte[], byte[]> consumer, TopicPartition partition)
    {
        if (start == "latest")
        {
            return new TopicPartitionOffset(partition, consumer.QueryWatermarkOffsets(partition, requestTimeout).High);
        }
        if (long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            return new TopicPartitionOffset(partition, offset);
        }
        var time = new Timestamp(DateTimeOffset.Parse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(partition, time)], requestTimeout)[0];
        return found.Offset == Offset.End
            ? new TopicPartitionOffset(partition, consumer.QueryWatermarkOffsets(partition, requestTimeout).High)
            : found;
    }

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
