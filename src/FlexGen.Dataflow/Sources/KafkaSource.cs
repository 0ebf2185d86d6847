using System.Runtime.CompilerServices;
using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sinks;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sources;

/// <summary>Reads topics as a member of a consumer group.</summary>
internal sealed class KafkaSource : ISource
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);

    private readonly KafkaSourceOptions options;
    private readonly MessageDecoder decoder;
    private readonly PartitionReadings readings;
    private readonly ILogger log;
    private readonly ClientLog clientLog;
    private readonly CancellationTokenSource closing = new();
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
        this.log = log;
        clientLog = new ClientLog("source.kafka", log);
        Schema = schema;
        decoder = new MessageDecoder(schema, options.Format == "json", options.MaxMessageBytes, reserved);
        PartitionReadings? made = null;
        var consumer = KafkaClients.Build(() => new ConsumerBuilder<byte[], byte[]>(Settings(options))
            .SetPartitionsAssignedHandler((c, assigned) => made!.Assign(c, assigned))
            .SetPartitionsRevokedHandler((_, revoked) => made!.Revoke([.. revoked.Select(p => p.TopicPartition)]))
            .SetPartitionsLostHandler((_, lost) => made!.Lose([.. lost.Select(p => p.TopicPartition)]))
            .SetErrorHandler((_, error) => clientLog.Add(error))
            .SetLogHandler((_, line) => clientLog.Add(line))
            .Build(), "source.kafka");
        Group = new ConsumerGroup(options.GroupId, consumer);
        Topics = OpenTopics(partitions);
        readings = made = new PartitionReadings(options.Start, options.UntilEnd ? Ends(partitions) : null, log) { Group = Group };
    }

    public ConsumerGroup Group { get; }

    /// <summary>The topics that the partitions are of.</summary>
    public TopicIdentities Topics { get; }

    public RowSchema Schema { get; }

    public long? TotalRecords => null;

    public IReadOnlyDictionary<string, string> Identities => Topics.Streams;

    public void CheckDone(Coverage done)
    {
    }

    public async IAsyncEnumerable<Record[]> ReadAsync(ISink sink, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        readings.Sink = sink;
        var poller = new KafkaPoller(Group, readings, options, sink, clientLog, log, cancellationToken, closing.Token);
        polling = Task.Factory.StartNew(poller.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await foreach (var records in poller.Chunks.ReadAllAsync(cancellationToken))
        {
            await sink.ExpectAsync(records, cancellationToken);
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

    private TopicIdentities OpenTopics(IReadOnlyList<TopicPartition> partitions)
    {
        var topics = new TopicIdentities(options, Group.Consumer.Handle, log);
        try
        {
            topics.Add(partitions);
            return topics;
        }
        catch
        {
            topics.Dispose();
            Group.Dispose();
            throw;
        }
    }

    private Dictionary<TopicPartition, long> Ends(IReadOnlyList<TopicPartition> partitions)
    {
        try
        {
            return partitions.ToDictionary(p => p, p => Group.Consumer.QueryWatermarkOffsets(p, requestTimeout).High.Value);
        }
        catch (KafkaException e)
        {
            Group.Dispose();
            throw new PipelineException($"source.kafka: cannot find where the topics end: {e.Error.Reason}", e);
        }
    }

    private static Dictionary<string, string> Settings(KafkaSourceOptions options)
    {
        var settings = KafkaClients.Settings(options, "source.kafka", new Dictionary<string, string>
        {
            ["auto.offset.reset"] = "earliest",
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
        settings["enable.partition.eof"] = options.UntilEnd ? "true" : "false";
        return settings;
    }
}
