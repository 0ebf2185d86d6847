using Confluent.Kafka;
using Confluent.Kafka.Admin;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// The positions of a Parquet source whose sink is Kafka. Each file has a consumer group of its own that no one joins, so that a
/// transaction can carry its position: the offset of the output's partition 0 is the number of rows that are done, that of the dead
/// letter's partition 0 the <see cref="PositionMark"/> of those rows. A group of the same kind says which topics those are: what is done is
/// in them.
/// </summary>
internal sealed class FilePositions : IPositions
{
    /// <summary>No file has this name.</summary>
    private const string Topics = "\0topics";
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan retryPause = TimeSpan.FromMilliseconds(500);

    private readonly string pipeline;
    private readonly KafkaSinkOptions output;
    private readonly TopicPartition rows;
    private readonly TopicPartition mark;
    private readonly FileGroups fileGroups;
    private readonly ClientLog clientLog;
    private readonly IConsumer<byte[], byte[]> consumer;
    private readonly IAdminClient admin;
    private readonly Dictionary<string, IConsumerGroupMetadata> groups = [];
    private readonly Dictionary<string, long> known = [];
    private readonly Dictionary<IConsumerGroupMetadata, string> names = [];
    private readonly ILogger log;
    private TopicPartitionOffset[] topicIds = [];

    public FilePositions(string pipeline, KafkaSinkOptions output, string deadLetterTopic, SourceFiles files, ILogger log)
    {
        this.pipeline = pipeline;
        this.output = output;
        this.log = log;
        rows = new TopicPartition(output.Topic, 0);
        mark = new TopicPartition(deadLetterTopic, 0);
        fileGroups = new FileGroups(files, name => AskPatiently(AskFile, name, name));
        clientLog = new ClientLog("sink.kafka", log);
        // A broker that does not coordinate a group any more, or not yet, has librdkafka turn to the client's own group; a client without one ends the process.
        consumer = ConsumerOf(pipeline);
        admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        Membership = consumer.ConsumerGroupMetadata;
    }

    // No one joins the groups; the transactional id keeps another run of the pipeline out.
    public IConsumerGroupMetadata? Membership { get; }

    // Where they cannot be committed at once, none is without its position at any time.
    public IReadOnlyList<GroupOffsets> Moved =>
        [.. fileGroups.Moved.OrderByDescending(group => group.Value.Rows).Select(group => Offsets(group.Key, group.Value.Rows, group.Value.Mark))];

    public Coverage DoneAtStart()
    {
        var isOfEarlierVersion = !AreOfTheseTopics();
        var done = new Coverage();
        foreach (var (stream, count) in fileGroups.FindAsync(CancellationToken.None).GetAwaiter().GetResult())
        {
            done[stream].Add(0, count);
            known[fileGroups.NameOf(stream)] = count;
        }

        if (isOfEarlierVersion && known.Values.Any(count => count > 0))
        {
            Log.IdTaken(log, $"the positions of the pipeline '{pipeline}'", $"{rows.Topic} and {mark.Topic}");
        }

        return done;
    }

    public IReadOnlyList<GroupOffsets> After(IReadOnlyList<Record> records, IConsumerGroupMetadata membership)
    {
        var next = new Dictionary<string, long>();
        foreach (var record in records)
        {
            next[record.Assignment.Stream] = record.Position + 1;
        }

        var offsets = next.Select(p => Offsets(fileGroups.NameOf(p.Key), p.Value, fileGroups.MarkOf(p.Key, p.Value)));
        return topicIds.Length == 0 ? [.. offsets] : [.. offsets, new GroupOffsets(Group(Topics), topicIds)];
    }

    public bool AreCommitted(IReadOnlyList<GroupOffsets> positions)
    {
        var all = true;
        foreach (var (membership, offsets) in positions.Where(p => names[p.Membership] != Topics))
        {
            var name = names[membership];
            var committed = Math.Max(0, Ask(name).Rows);
            if (committed != offsets[0].Offset && committed != known[name])
            {
                throw new PipelineException($"another run of the pipeline '{pipeline}' writes to {output.Topic}: let one of them end.");
            }

            all &= committed == offsets[0].Offset;
        }

        return all;
    }

    public void Note(IReadOnlyList<GroupOffsets> positions)
    {
        foreach (var (membership, offsets) in positions)
        {
            known[names[membership]] = offsets[0].Offset;
        }
    }

    public void Commit(IReadOnlyList<GroupOffsets> positions)
    {
        foreach (var (membership, offsets) in positions)
        {
            var change = new ConsumerGroupTopicPartitionOffsets(GroupId(names[membership]), [.. offsets]);
            admin.AlterConsumerGroupOffsetsAsync([change], new AlterConsumerGroupOffsetsOptions { RequestTimeout = requestTimeout }).GetAwaiter().GetResult();
        }
    }

    public void Dispose()
    {
        admin.Dispose();
        consumer.Dispose();
    }

    /// <returns>False where the positions do not say which topics they are of.</returns>
    /// <exception cref="PipelineException">They are of others.</exception>
    private bool AreOfTheseTopics()
    {
        TopicPartition[] partitions = [rows, mark];
        var ids = new TopicIds(admin, "sink.kafka").Of([rows.Topic, mark.Topic]);
        if (partitions.Any(partition => !ids.GetValueOrDefault(partition.Topic, TopicIds.Unknown).IsKnown))
        {
            Log.NoTopicIds(log, "sink.kafka");
            return true;
        }

        topicIds = [.. partitions.Select(partition => new TopicPartitionOffset(partition, ids[partition.Topic].Number))];
        var (ofRows, ofMark) = AskPatiently(Ask, Topics, "the topics' ids");
        long[] kept = [ofRows, ofMark];
        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i] != topicIds[i].Offset && kept.Any(id => id >= 0))
            {
                var before = kept[i] < 0 ? "the brokers forgot the id that it had" : $"it was topic {TopicId.Beginning(kept[i])}...";
                throw Recreated(partitions[i].Topic, $" ({before}, it is {ids[partitions[i].Topic]})");
            }
        }

        return kept.Any(id => id >= 0);
    }

    private PipelineException Recreated(string topic, string ids = "") => new(
        $"sink.kafka: the topic {topic} is not the one that the pipeline '{pipeline}' wrote to{ids}: it was deleted and created anew, "
        + "or bootstrapServers name another cluster, and what is done by the pipeline's positions is not in it. "
        + $"To write all again give the pipeline another name, or create both {rows.Topic} and {mark.Topic} anew.");

    private (long Rows, long Mark) AskFile(string name)
    {
        var (count, ofMark) = Ask(name);
        // Brokers forget with a topic what groups have committed for it; 0 is of a name that no file has any more.
        return count == 0 || count > 0 == ofMark >= 0 ? (Math.Max(0, count), ofMark) : throw Recreated(count > 0 ? mark.Topic : rows.Topic);
    }

    // A coordinator that was just chosen loads its groups first.
    private (long Rows, long Mark) AskPatiently(Func<string, (long Rows, long Mark)> ask, string name, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return ask(name);
            }
            catch (KafkaException e) when (TimeProvider.System.GetElapsedTime(start) < output.ConnectTimeout)
            {
                Log.Retrying(log, $"asking for the positions of {what}", e.Error.Reason);
                Thread.Sleep(retryPause);
            }
            catch (KafkaException e)
            {
                throw new PipelineException(
                    $"sink.kafka: the brokers at {output.BootstrapServers} did not say within {output.ConnectTimeout.TotalSeconds:0} s "
                    + $"what is done of {what} ({e.Error.Reason}).",
                    e);
            }
        }
    }

    private (long Rows, long Mark) Ask(string name)
    {
        var asked = new ConsumerGroupTopicPartitions(GroupId(name), [rows, mark]);
        var options = new ListConsumerGroupOffsetsOptions { RequestTimeout = requestTimeout, RequireStableOffsets = true };
        try
        {
            var found = admin.ListConsumerGroupOffsetsAsync([asked], options).GetAwaiter()
                .GetResult()[0].Partitions.ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
            return (found.GetValueOrDefault(rows, -1), found.GetValueOrDefault(mark, -1));
        }
        catch (KafkaException e)
        {
            KafkaErrors.ThrowIfLasting(e.Error, $"sink.kafka: cannot read the positions of group {asked.Group}", e);
            throw;
        }
    }

    private GroupOffsets Offsets(string name, long count, long ofMark) =>
        new(Group(name), [new TopicPartitionOffset(rows, count), new TopicPartitionOffset(mark, ofMark)]);

    private IConsumerGroupMetadata Group(string name)
    {
        if (!groups.TryGetValue(name, out var membership))
        {
            // The metadata outlives the consumer.
            using var member = ConsumerOf(GroupId(name));
            groups.Add(name, membership = member.ConsumerGroupMetadata);
            names.Add(membership, name);
        }

        return membership;
    }

    private IConsumer<byte[], byte[]> ConsumerOf(string group)
    {
        var settings = KafkaClients.Settings(output, "sink.kafka");
        settings["group.id"] = group;
        return KafkaClients.Build(() => new ConsumerBuilder<byte[], byte[]>(settings)
            .SetErrorHandler((_, error) => clientLog.Add(error))
            .SetLogHandler((_, line) => clientLog.Add(line)).Build(), "sink.kafka");
    }

    private string GroupId(string name) => $"{pipeline}-{PositionMark.Hash($"{output.Topic} {name}"):x16}";
}
