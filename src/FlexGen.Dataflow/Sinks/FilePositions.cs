using Confluent.Kafka;
using Confluent.Kafka.Admin;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sources;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// The positions of a Parquet source whose sink is Kafka. Each file has a consumer group of its own that no one joins, so that a
/// transaction can carry its position: the offset of the output's partition 0 is the number of rows that are done, that of the dead
/// letter's partition 0 the <see cref="PositionMark"/> of those rows.
/// </summary>
internal sealed class FilePositions : IPositions
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan retryPause = TimeSpan.FromMilliseconds(500);

    private readonly string pipeline;
    private readonly KafkaSinkOptions output;
    private readonly TopicPartition rows;
    private readonly TopicPartition mark;
    private readonly FileGroups fileGroups;
    private readonly ILogger log;
    private readonly ClientLog clientLog;
    private readonly IAdminClient admin;
    private readonly Dictionary<string, IConsumerGroupMetadata> groups = [];
    private readonly Dictionary<string, long> known = [];
    private readonly Dictionary<IConsumerGroupMetadata, string> streams = [];

    public FilePositions(string pipeline, KafkaSinkOptions output, string deadLetterTopic, SourceFiles files, ILogger log)
    {
        this.pipeline = pipeline;
        this.output = output;
        this.log = log;
        rows = new TopicPartition(output.Topic, 0);
        mark = new TopicPartition(deadLetterTopic, 0);
        fileGroups = new FileGroups(files, AskPatiently);
        clientLog = new ClientLog("sink.kafka", log);
        admin = KafkaClients.Build(() => new AdminClientBuilder(KafkaClients.Settings(output, "sink.kafka"))
            .SetErrorHandler((_, error) => clientLog.Add(error))
            .SetLogHandler((_, line) => clientLog.Add(line)).Build(), "sink.kafka");
        Membership = Group("");
    }

    // No one joins the groups; the transactional id keeps another run of the pipeline out.
    public IConsumerGroupMetadata? Membership { get; }

    public Coverage DoneAtStart()
    {
        var done = new Coverage();
        foreach (var (stream, count) in fileGroups.FindAsync(CancellationToken.None).GetAwaiter().GetResult())
        {
            done[stream].Add(0, count);
            known[stream] = count;
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
        return [.. next.Select(p => new GroupOffsets(
            Group(p.Key), [new TopicPartitionOffset(rows, p.Value), new TopicPartitionOffset(mark, fileGroups.MarkOf(p.Key, p.Value))]))];
    }

    public bool AreCommitted(IReadOnlyList<GroupOffsets> positions)
    {
        bool all = true;
        foreach (var (membership, offsets) in positions)
        {
            var stream = streams[membership];
            long committed = Ask(fileGroups.NameOf(stream)).Rows;
            if (committed != offsets[0].Offset && committed != known[stream])
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
            known[streams[membership]] = offsets[0].Offset;
        }
    }

    public void Commit(IReadOnlyList<GroupOffsets> positions)
    {
        foreach (var (membership, offsets) in positions)
        {
            var change = new ConsumerGroupTopicPartitionOffsets(GroupId(fileGroups.NameOf(streams[membership])), [.. offsets]);
            admin.AlterConsumerGroupOffsetsAsync([change], new AlterConsumerGroupOffsetsOptions { RequestTimeout = requestTimeout }).GetAwaiter().GetResult();
        }
    }

    public void Dispose() => admin.Dispose();

    // A coordinator that was just chosen loads its groups first.
    private (long Rows, long Mark) AskPatiently(string name)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return Ask(name);
            }
            catch (KafkaException e) when (TimeProvider.System.GetElapsedTime(start) < output.ConnectTimeout)
            {
                Log.Retrying(log, $"asking for the positions of {name}", e.Error.Reason);
                Thread.Sleep(retryPause);
            }
            catch (KafkaException e)
            {
                throw new PipelineException(
                    $"sink.kafka: the brokers at {output.BootstrapServers} did not say within {output.ConnectTimeout.TotalSeconds:0} s "
                    + $"what is done of {name} ({e.Error.Reason}).",
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
            var found = admin.ListConsumerGroupOffsetsAsync([asked], options).GetAwaiter().GetResult()[0].Partitions.ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
            return (Math.Max(0, found.GetValueOrDefault(rows)), found.GetValueOrDefault(mark));
        }
        catch (KafkaException e)
        {
            KafkaErrors.ThrowIfLasting(e.Error, $"sink.kafka: cannot read the positions of {name} (group {asked.Group})", e);
            throw;
        }
    }

    private IConsumerGroupMetadata Group(string stream)
    {
        if (!groups.TryGetValue(stream, out var membership))
        {
            var settings = KafkaClients.Settings(output, "sink.kafka");
            settings["group.id"] = stream.Length == 0 ? pipeline : GroupId(fileGroups.NameOf(stream));
            // The metadata outlives the consumer.
            using var consumer = KafkaClients.Build(() => new ConsumerBuilder<byte[], byte[]>(settings)
                .SetErrorHandler((_, error) => clientLog.Add(error))
                .SetLogHandler((_, line) => clientLog.Add(line)).Build(), "sink.kafka");
            groups.Add(stream, membership = consumer.ConsumerGroupMetadata);
            streams.Add(membership, stream);
        }
        return membership;
    }

    private string GroupId(string name) => $"{pipeline}-{PositionMark.Hash($"{output.Topic} {name}"):x16}";
}
