using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// Where partitions begin whose positions a ledger has: at the first offset that it lacks, whatever the group has committed, for that
/// only mirrors what some sink had. The start position is for partitions that are there when the sink first takes records of their topic;
/// unless it is the beginning, the ledger is told it before anything is read, so that neither time nor a lost part file moves it.
/// </summary>
/// <param name="group">The group.</param>
/// <param name="start">Finds the start position.</param>
/// <param name="partitions">The partitions that are there when this process begins to read.</param>
/// <param name="ledger">The sink's ledger.</param>
/// <param name="log">Where to report.</param>
internal sealed class LedgerStart(
    ConsumerGroup group, GroupStart start, IReadOnlyCollection<TopicPartition> partitions, ITopicLedger ledger, ILogger log) : IStart
{
    private const int PartitionsNamed = 5;

    public void Commit()
    {
        var known = ledger.Starts;
        var first = new Dictionary<TopicPartition, long>();
        foreach (var topic in partitions.GroupBy(start.Entry))
        {
            if (!start.IsBeginning && !topic.Any(partition => known.ContainsKey(PartitionReading.StreamOf(partition))))
            {
                foreach (var (partition, offset) in topic.Any(IsCovered) ? OfEarlierVersion([.. topic]) : start.Resolve([.. topic]))
                {
                    first.Add(partition, offset);
                }
            }
        }

        if (first.Count > 0)
        {
            ledger.BeginAsync(first.ToDictionary(p => PartitionReading.StreamOf(p.Key), p => p.Value)).AsTask().GetAwaiter().GetResult();
        }

        ReportGroup();
    }

    public IReadOnlyDictionary<TopicPartition, StreamStart> Positions(IReadOnlyCollection<TopicPartition> assigned)
    {
        var begun = new Dictionary<TopicPartition, StreamStart>();
        foreach (var partition in assigned)
        {
            var stream = PartitionReading.StreamOf(partition);
            // One that came later, as one of which all is wanted, begins at its beginning.
            var from = ledger.Starts.GetValueOrDefault(stream);
            var lacking = ledger.Done(stream).FirstLacking(from);
            begun.Add(partition, new StreamStart(lacking, from, lacking));
        }
        // What the log no longer holds of one that was never read is not missing.
        TopicPartition[] unread = [.. assigned.Where(partition => begun[partition] is { Position: 0 } && !IsCovered(partition))];
        foreach (var (partition, offset) in ConsumerGroup.Insist("finding where the logs begin", () => group.Logs.Beginnings(unread), log))
        {
            begun[partition] = begun[partition] with { Position = offset };
        }

        return begun;
    }

    // They kept the positions of what they had not written in the group.
    private Dictionary<TopicPartition, long> OfEarlierVersion(IReadOnlyCollection<TopicPartition> topic) =>
        ConsumerGroup.Insist("asking for the group's positions", () =>
        group.Committed(topic).ToDictionary(p => p.TopicPartition, p => IsCovered(p.TopicPartition) || p.Offset == Offset.Unset ? 0 : p.Offset.Value), log);

    private void ReportGroup()
    {
        var starts = ledger.Starts;
        var unread = partitions.Where(partition => !IsCovered(partition) && starts.GetValueOrDefault(PartitionReading.StreamOf(partition)) == 0).ToArray();
        var ahead = ConsumerGroup.Insist("asking for the group's positions", () => group.Committed(unread), log).Where(p => p.Offset.Value > 0).ToArray();
        if (ahead.Length > 0)
        {
            var beginnings = ConsumerGroup.Insist("finding where the logs begin", () => group.Logs.Beginnings(ahead.Select(p => p.TopicPartition)), log);
            var named = ahead.Take(PartitionsNamed).Select(p =>
                $"{PartitionReading.StreamOf(p.TopicPartition)} was read up to {p.Offset.Value} and begins at {beginnings[p.TopicPartition]}");
            Log.GroupAhead(log, group.GroupId, string.Join(", ", named) + (ahead.Length > PartitionsNamed ? " and others" : ""));
        }
    }

    private bool IsCovered(TopicPartition partition) => ledger.Done(PartitionReading.StreamOf(partition)).Intervals.Count > 0;
}
