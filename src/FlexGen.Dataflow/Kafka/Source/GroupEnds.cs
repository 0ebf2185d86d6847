using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// Tells when all that was there at the start is done, whoever has its partitions. Called on the thread that polls.
/// </summary>
/// <param name="group">The group.</param>
/// <param name="readings">What this process reads.</param>
/// <param name="ends">Where the partitions ended at the start.</param>
/// <param name="progress">How far the group is.</param>
/// <param name="patience">How long to wait to be a member, for an answer, or for a partition that only this process can read.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where to report.</param>
internal sealed class GroupEnds(
    ConsumerGroup group,
    PartitionReadings readings,
    IReadOnlyDictionary<TopicPartition, long> ends,
    GroupProgress progress,
    TimeSpan patience,
    TimeProvider time,
    ILogger log)
{
    private const int PartitionsNamed = 5;
    private static readonly TimeSpan askPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan reportPeriod = TimeSpan.FromMinutes(1);

    private long wellAt = time.GetTimestamp();
    private long? askedAt;
    private long? reportedAt;
    private int generation;

    /// <summary>Whether the ends are reached.</summary>
    /// <param name="trouble">What went wrong with the group last; null where nothing did.</param>
    /// <exception cref="PipelineException">This process has not become a member, or the ends cannot be reached.</exception>
    public bool AreReached(string? trouble)
    {
        if (!readings.IsJoined)
        {
            ThrowIfOver($"could not join the group {group.GroupId}", trouble ?? "the group was not shared out",
                "a member that died keeps its place for its session.timeout.ms, one that stands still for its max.poll.interval.ms, and all "
                    + "members must have one partition.assignment.strategy");
            return false;
        }

        if (generation != readings.Generation)
        {
            (generation, wellAt, askedAt) = (readings.Generation, time.GetTimestamp(), null);
        }

        if (readings.All.Values.Any(reading => !reading.IsDone))
        {
            wellAt = time.GetTimestamp();
            return false;
        }

        if (askedAt is { } last && time.GetElapsedTime(last) < askPeriod)
        {
            return false;
        }

        askedAt = time.GetTimestamp();
        try
        {
            progress.TellAll(readings.All.Values);
            return IsNothingLeft();
        }
        catch (KafkaException e)
        {
            KafkaErrors.ThrowIfLasting(e.Error, $"source.kafka: cannot ask for the positions of the group {group.GroupId}", e);
            Log.Retrying(log, "asking how far the group is", e.Error.Reason);
            ThrowIfOver($"could not learn how far the group {group.GroupId} is", e.Error.Reason, "check the brokers");
            return false;
        }
    }

    private bool IsNothingLeft()
    {
        var left = Left();
        if (left.Count == 0)
        {
            return true;
        }

        var names = string.Join(", ", left.Take(PartitionsNamed).Select(PartitionReading.StreamOf))
            + (left.Count > PartitionsNamed ? $" and {left.Count - PartitionsNamed} more" : "");
        if (progress.ShowsOthers)
        {
            wellAt = time.GetTimestamp();
        }
        else
        {
            ThrowIfOver(
                $"another member of the group {group.GroupId} holds {names}",
                "a Parquet folder lacks what others read",
                "one worker reads a group into Parquet: end the other, or give this one a groupId of its own");
        }

        if (reportedAt is not { } last || time.GetElapsedTime(last) >= reportPeriod)
        {
            reportedAt = time.GetTimestamp();
            Log.WaitingForGroup(log, group.GroupId, names);
        }

        return false;
    }

    private List<TopicPartition> Left()
    {
        // What this process reads is done, and committed with that.
        var others = ends.Keys.Where(partition => !readings.All.ContainsKey(partition)).ToArray();
        var left = progress.Unfinished(others, ends);
        // Of what is empty there is no position.
        return [.. group.Logs.Beginnings(left).Where(p => p.Value < ends[p.Key]).Select(p => p.Key)];
    }

    private void ThrowIfOver(string what, string why, string remedy)
    {
        if (time.GetElapsedTime(wellAt) >= patience)
        {
            throw new PipelineException($"source.kafka: {what} within {patience.TotalSeconds:0} s ({why}): {remedy}; "
                + "source.kafka.joinTimeout sets how long to wait. What is committed stays; start again to go on.");
        }
    }
}
