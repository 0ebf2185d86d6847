using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// The partitions that the group has assigned to this process. All is called on the thread that polls. What goes wrong while the group
/// shares them out anew is kept: the client would wait for ever for an answer that an exception took away.
/// </summary>
/// <param name="group">The group.</param>
/// <param name="topics">The topics that the partitions are of.</param>
/// <param name="start">Where partitions begin.</param>
/// <param name="gaps">Looks for positions that the log no longer holds.</param>
/// <param name="ends">Where to stop, and nothing of other partitions is read; null to go on forever.</param>
/// <param name="ledger">What is done; it is told of what is lost.</param>
/// <param name="log">Where to report.</param>
internal sealed class PartitionReadings(
    ConsumerGroup group, TopicIdentities topics, IStart start, LogGaps gaps, IReadOnlyDictionary<TopicPartition, long>? ends, ILedger ledger, ILogger log)
{
    private static readonly TimeSpan topicsPeriod = TimeSpan.FromSeconds(5);
    private readonly Dictionary<TopicPartition, PartitionReading> readings = [];
    private Exception? failure;

    public IReadOnlyDictionary<TopicPartition, PartitionReading> All => readings;

    /// <summary>Whether the group has this process as a member and has said what it reads, if only nothing.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Changes each time the group shares its partitions out.</summary>
    public int Generation { get; private set; }

    /// <summary>Takes partitions over, each from the first position that is not known to be done.</summary>
    public IEnumerable<TopicPartitionOffset> Assign(List<TopicPartition> partitions)
    {
        Keep(() =>
        {
            IsJoined = true;
            Generation++;
            group.RefreshMembership();
            if (partitions.Count > 0 && failure is null)
            {
                Begin(partitions);
                Log.PartitionsAssigned(log, string.Join(", ", partitions.Select(PartitionReading.StreamOf)));
            }
        });
        return partitions.Select(p => new TopicPartitionOffset(p, readings.TryGetValue(p, out var reading) ? reading.Position : Offset.Unset));
    }

    /// <summary>Gives partitions up: what can be committed is, the rest is read again by whoever gets them.</summary>
    public void Revoke(IReadOnlyCollection<TopicPartition> partitions) => Keep(() =>
    {
        Generation++;
        group.RefreshMembership();
        End(partitions);
    });

    /// <summary>Learns that partitions are another's already.</summary>
    public void Lose(IReadOnlyCollection<TopicPartition> partitions) => Keep(() =>
    {
        IsJoined = false;
        Generation++;
        group.LoseMembership();
        Log.PartitionsLost(log, string.Join(", ", partitions.Select(PartitionReading.StreamOf)));
        End(partitions);
    });

    /// <summary>Goes on with a partition whose next offset the log no longer holds.</summary>
    /// <exception cref="PipelineException">It has been deleted, and that is an error here; or it lies beyond the log's end.</exception>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public void Reset(TopicPartition partition)
    {
        // Of one that is read to its end nothing more is wanted.
        if (readings.TryGetValue(partition, out var reading) && !reading.IsAtEnd)
        {
            gaps.Pass([reading]);
            group.Consumer.IncrementalUnassign([partition]);
            group.Consumer.IncrementalAssign([new TopicPartitionOffset(partition, reading.Position)]);
        }
    }

    /// <summary>Ends the run where a topic is no longer the one that was begun; looks from time to time.</summary>
    /// <exception cref="PipelineException">It was created anew.</exception>
    public void CheckTopics() => topics.Check(topicsPeriod);

    /// <summary>Ends the run where something went wrong while the group shared its partitions out.</summary>
    public void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw failure as PipelineException ?? new PipelineException($"source.kafka: cannot take part in the group {group.GroupId}: "
                + $"{failure.Message}", failure);
        }
    }

    private void Keep(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            failure ??= e;
        }
    }

    private void Begin(List<TopicPartition> partitions)
    {
        // First of all: what is known of another topic of the name is no position in this one.
        topics.Add(partitions);
        var begun = new List<PartitionReading>();
        foreach (var (partition, from) in start.Positions(partitions))
        {
            var covered = ledger.Done(PartitionReading.StreamOf(partition));
            long? end = ends is null ? null : ends.GetValueOrDefault(partition);
            begun.Add(new PartitionReading(partition, covered, from, end));
        }

        gaps.Pass(begun);
        begun.ForEach(reading => readings[reading.Partition] = reading);
    }

    private void End(IReadOnlyCollection<TopicPartition> partitions)
    {
        var ended = partitions.Where(readings.ContainsKey).Select(p => readings[p].Assignment).ToArray();
        foreach (var partition in partitions)
        {
            readings.Remove(partition);
        }

        ledger.ReleaseAsync(ended).AsTask().GetAwaiter().GetResult();
        if (ended.Length > 0)
        {
            Log.PartitionsReleased(log, string.Join(", ", ended.Select(assignment => assignment.Stream)));
        }
    }
}
