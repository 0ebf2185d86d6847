using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// Where partitions begin. The start position is for those that are there when the group first reads their topic, and is committed for
/// all of them at once: a partition without a position in a topic that has some is new, and begins at its beginning.
/// </summary>
/// <param name="options">The topics, or patterns of topics, and the start position.</param>
/// <param name="group">The group.</param>
/// <param name="partitions">The partitions that are there when this process begins to read.</param>
/// <param name="log">Where to report.</param>
internal sealed class GroupStart(KafkaSourceOptions options, ConsumerGroup group, IReadOnlyCollection<TopicPartition> partitions, ILogger log) : IStart
{
    private readonly StartPosition start = StartPosition.Parse(options.Start)!;

    /// <summary>Whether it is the beginning of what there is.</summary>
    public bool IsBeginning => start is { IsLatest: false, Time: null, Offset: null };

    /// <summary>Commits where the group begins, if it never read; to be called before this process joins it.</summary>
    /// <exception cref="KafkaException">The brokers did not answer, or refused.</exception>
    public void Commit() => ConsumerGroup.Insist("committing where the group begins", () =>
    {
        var first = Positions(Resolve(NeverRead()));
        // Where it has members, one of them may have done it by now, and otherwise whoever gets a partition does.
        return first.Count == 0 || group.TryCommitWithoutMembers(first);
    }, log);

    /// <summary>Where this process begins to read partitions that it was assigned: after what the group has done.</summary>
    /// <exception cref="KafkaException">The brokers did not answer, or refused.</exception>
    public IReadOnlyDictionary<TopicPartition, StreamStart> Positions(IReadOnlyCollection<TopicPartition> assigned) =>
        CommittedOrFirst(assigned).ToDictionary(p => p.Key, p => new StreamStart(p.Value, 0, 0));

    /// <summary>
    /// What partitions are counted together by: a topic that is named must have been there; one that only a pattern fits may have come later.
    /// </summary>
    public string Entry(TopicPartition partition) => options.Topics.Contains(partition.Topic) ? partition.Topic : "^";

    /// <summary>Where partitions begin that were never read.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<TopicPartition, long> Resolve(IReadOnlyCollection<TopicPartition> unread) => start switch
    {
        { IsLatest: true } => group.Logs.Ends(unread),
        { Time: { } time } => group.Logs.At(unread, time),
        // Beyond the end there is nothing to begin at.
        { Offset: { } offset } => group.Logs.Ends(unread).ToDictionary(p => p.Key, p => Math.Min(p.Value, offset)),
        _ => group.Logs.Beginnings(unread),
    };

    private Dictionary<TopicPartition, long> CommittedOrFirst(IReadOnlyCollection<TopicPartition> assigned) =>
        ConsumerGroup.Insist("finding where to start", () =>
    {
        if (assigned.Count == 0)
        {
            return [];
        }

        var committed = group.Committed(assigned);
        var unset = committed.Where(p => p.Offset == Offset.Unset).Select(p => p.TopicPartition).ToHashSet();
        var positions = committed.Where(p => p.Offset != Offset.Unset).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
        if (unset.Count > 0)
        {
            var first = Positions(Resolve([.. NeverRead().Where(unset.Contains)]));
            unset.ExceptWith(first.Select(p => p.TopicPartition));
            first.AddRange(group.Logs.Beginnings(unset).Select(p => new TopicPartitionOffset(p.Key, p.Value)));
            // A start that moves with time does not move with a crash, and what is deleted before the first commit is missed.
            group.Consumer.Commit(first);
            first.ForEach(p => positions.Add(p.TopicPartition, p.Offset.Value));
        }

        return positions;
    }, log);

    // The partitions of topics, or of patterns, of which the group has no position at all.
    private List<TopicPartition> NeverRead() =>
        [.. group.Committed(partitions).GroupBy(p => Entry(p.TopicPartition))
            .Where(entry => entry.All(p => p.Offset == Offset.Unset)).SelectMany(entry => entry.Select(p => p.TopicPartition))];

    private static List<TopicPartitionOffset> Positions(IReadOnlyDictionary<TopicPartition, long> offsets) =>
        [.. offsets.Select(p => new TopicPartitionOffset(p.Key, p.Value))];
}
