using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Confluent.Kafka;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>Reads topics as a member of a consumer group.</summary>
internal sealed class KafkaSource : ISource
{
    private static readonly TimeSpan joinTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan afterSession = TimeSpan.FromMinutes(1);

    private readonly KafkaSourceOptions options;
    private readonly IReadOnlyList<TopicPartition> partitions;
    private readonly IReadOnlyDictionary<TopicPartition, long>? ends;
    private readonly MessageDecoder decoder;
    private readonly LogGaps gaps;
    private readonly ILogger log;
    private readonly ClientLog clientLog;
    private readonly CancellationTokenSource closing = new();
    private PartitionReadings? readings;
    private Task polling = Task.CompletedTask;

    /// <param name="options">The topics and the group.</param>
    /// <param name="schema">The columns that records get.</param>
    /// <param name="reserved">Names of fields that no message may have.</param>
    /// <param name="partitions">The partitions there are at the start.</param>
    /// <param name="log">Where to report.</param>
    /// <exception cref="PipelineException">librdkafka refuses a property, or the brokers do not say where the partitions end.</exception>
    public KafkaSource(
        KafkaSourceOptions options, RowSchema schema, IEnumerable<string> reserved, IReadOnlyList<TopicPartition> partitions, ILogger log)
    {
        this.options = options;
        this.partitions = partitions;
        this.log = log;
        clientLog = new ClientLog("source.kafka", log);
        Schema = schema;
        decoder = new MessageDecoder(schema, options.Format == "json", options.MaxMessageBytes, reserved);
        var consumer = KafkaClients.Build(() => new ConsumerBuilder<byte[], byte[]>(Settings(options))
            .SetPartitionsAssignedHandler((_, assigned) => readings!.Assign(assigned))
            .SetPartitionsRevokedHandler((_, revoked) => readings!.Revoke([.. revoked.Select(p => p.TopicPartition)]))
            .SetPartitionsLostHandler((_, lost) => readings!.Lose([.. lost.Select(p => p.TopicPartition)]))
            .SetErrorHandler((_, error) => clientLog.Add(error))
            .SetLogHandler((_, line) => clientLog.Add(line))
            .Build(), "source.kafka");
        Group = new ConsumerGroup(options.GroupId, consumer);
        gaps = new LogGaps(Group, isError: options.OffsetReset == "error", log);
        Topics = new TopicIdentities(options, consumer.Handle, log);
        try
        {
            Topics.Add(partitions);
            ends = options.UntilEnd ? Ask(() => Group.Logs.Ends(partitions)) : null;
        }
        catch
        {
            Topics.Dispose();
            Group.Dispose();
            throw;
        }
    }

    public ConsumerGroup Group { get; }

    /// <summary>The topics that the partitions are of.</summary>
    public TopicIdentities Topics { get; }

    public RowSchema Schema { get; }

    public long? TotalRecords => null;

    public long? DeletedUnread => gaps.Deleted;

    public IReadOnlyDictionary<string, string> Identities => Topics.Streams;

    public SourceFiles? Files => null;

    public IReadOnlyDictionary<string, string> Metadata { get; } = ImmutableDictionary<string, string>.Empty;

    public void CheckDone(Coverage done)
    {
        var last = partitions.Select(partition => (Partition: partition, done[PartitionReading.StreamOf(partition)].Intervals))
            .Where(p => p.Intervals.Count > 0).ToDictionary(p => p.Partition, p => p.Intervals[^1].End);
        var logs = Ask(() => Group.Logs.HighWatermarks(last.Keys));
        if (last.FirstOrDefault(p => p.Value > logs[p.Key]) is { Key: { } beyond, Value: var position })
        {
            var stream = PartitionReading.StreamOf(beyond);
            throw new PipelineException(
                $"source.kafka: the sink's part files hold {stream} up to offset {position}, but its log ends at {logs[beyond]} "
                    + $"({Identities.GetValueOrDefault(stream)}): "
                + "the topic was deleted and created anew, or the brokers lost messages. To read what is there now from `start` name other "
                + "folders for sink and deadLetter.");
        }
    }

    public async IAsyncEnumerable<Record[]> ReadAsync(ILedger ledger, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ofGroup = new GroupStart(options, Group, partitions, log);
        (var start, var progress) = ledger is ITopicLedger hasPositions
            ? ((IStart)new LedgerStart(Group, ofGroup, partitions, hasPositions, log), (GroupProgress)new LedgerProgress(Group, hasPositions, log))
            : (ofGroup, new CommittedProgress(Group, log));
        readings = new PartitionReadings(Group, Topics, start, gaps, ends, ledger, log);
        var groupEnds = ends is null ? null : new GroupEnds(Group, readings, ends, progress, JoinTimeout(), TimeProvider.System, log);
        var poller = new KafkaPoller(Group, start, readings, groupEnds, progress, options, clientLog, log, cancellationToken, closing.Token);
        polling = Task.Factory.StartNew(poller.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await foreach (var records in poller.Chunks.ReadAllAsync(cancellationToken))
        {
            await ledger.ExpectAsync(records, cancellationToken);
            yield return records;
        }
    }

    public void Decode(Record[] records) => decoder.Decode(records);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await polling;
        Topics.Dispose();
        Group.Dispose();
        closing.Dispose();
    }

    private IReadOnlyDictionary<TopicPartition, long> Ask(Func<IReadOnlyDictionary<TopicPartition, long>> ask)
    {
        try
        {
            return ConsumerGroup.Insist("finding where the topics end", ask, log);
        }
        catch (KafkaException e)
        {
            throw new PipelineException($"source.kafka: cannot find where the topics end: {e.Error.Reason}", e);
        }
    }

    // A member that died keeps its partitions until its session has timed out.
    private TimeSpan JoinTimeout()
    {
        if (options.JoinTimeout is { } stated)
        {
            return stated;
        }

        var session = options.Properties.TryGetValue("session.timeout.ms", out var text)
            && int.TryParse(text, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : TimeSpan.Zero;
        return session + afterSession > joinTimeout ? session + afterSession : joinTimeout;
    }

    private static Dictionary<string, string> Settings(KafkaSourceOptions options)
    {
        var settings = KafkaClients.Settings(options, "source.kafka", new Dictionary<string, string>
        {
            ["dotnet.consumer.consume.result.fields"] = "headers,topic",
            // What is fetched ahead is memory. Once the queue was full librdkafka fetches nothing for a second, in which it runs dry.
            ["queued.max.messages.kbytes"] = "32768",
            ["fetch.queue.backoff.ms"] = "10",
        });
        settings["group.id"] = options.GroupId;
        settings["partition.assignment.strategy"] = "cooperative-sticky";
        settings["enable.auto.commit"] = "false";
        settings["enable.auto.offset.store"] = "false";
        settings["isolation.level"] = "read_committed";
        // Ends are where the log has nothing more for a reader, though its last offsets may hold no message.
        settings["enable.partition.eof"] = "true";
        // The client would jump without a word.
        settings["auto.offset.reset"] = "error";
        return settings;
    }
}
