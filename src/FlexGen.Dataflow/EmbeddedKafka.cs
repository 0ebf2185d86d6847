using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Parquet.Source;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>
/// librdkafka's in-process cluster, for a demonstration without brokers. It ends with the process, holds about 5 MB a partition, and
/// shows neither aborted transactions nor zombies: it proves nothing.
/// </summary>
internal sealed class EmbeddedKafka : IDisposable
{
    private const string Name = "embedded";
    private const int ResultsShown = 5;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    private readonly IProducer<byte[], byte[]> owner;
    private readonly string resultTopic;
    private readonly ILogger log;

    private EmbeddedKafka(string resultTopic, ILogger log)
    {
        this.resultTopic = resultTopic;
        this.log = log;
        owner = new ProducerBuilder<byte[], byte[]>(new Dictionary<string, string>
        {
            ["bootstrap.servers"] = "127.0.0.1:1",
            ["test.mock.num.brokers"] = "1",
        }).SetLogHandler((_, message) => Log.Client(log, message.Message)).Build();
        using var admin = new DependentAdminClientBuilder(owner.Handle).Build();
        var broker = admin.GetMetadata(patience).Brokers[0];
        Address = $"{broker.Host}:{broker.Port}";
    }

    public string Address { get; }

    /// <summary>Starts a cluster where the ends name one, puts the requests into it, and makes the ends use it.</summary>
    /// <returns>Null where the ends name brokers.</returns>
    /// <exception cref="PipelineException">Some end names it and another does not, or there are no requests.</exception>
    public static async Task<EmbeddedKafka?> StartAsync(PipelineOptions options, string baseDirectory, ILogger log, CancellationToken cancellationToken)
    {
        KafkaOptions?[] ends = [options.Source.Kafka, options.Sink.Kafka, options.DeadLetter.Kafka];
        if (!ends.Any(end => end?.BootstrapServers == Name))
        {
            return null;
        }

        if (ends.Any(end => end?.BootstrapServers != Name) || options.Source.Kafka!.EmbeddedRequests is not { } requests)
        {
            throw new PipelineDefinitionException(
                "bootstrapServers: embedded is a demonstration: source, sink and deadLetter must all be kafka ends with it, and "
                    + "source.kafka.embeddedRequests must name a Parquet dataset of requests.");
        }

        var kafka = new EmbeddedKafka(options.Sink.Kafka!.Topic, log);
        try
        {
            await kafka.LoadAsync(requests, options.Source.Kafka.Topics[0], baseDirectory, cancellationToken);
        }
        catch
        {
            kafka.Dispose();
            throw;
        }

        foreach (var end in ends)
        {
            end!.BootstrapServers = kafka.Address;
            end.IsEmbedded = true;
        }

        return kafka;
    }

    /// <summary>Logs some of the results.</summary>
    public void ShowResults()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new Dictionary<string, string>
        {
            ["bootstrap.servers"] = Address,
            ["group.id"] = "flexgen-results",
            ["enable.partition.eof"] = "true",
        }).SetLogHandler((_, message) => Log.Client(log, message.Message)).Build();
        using var admin = new DependentAdminClientBuilder(owner.Handle).Build();
        var partitions = admin.GetMetadata(resultTopic, patience).Topics[0].Partitions;
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(resultTopic, p.PartitionId, Offset.Beginning)));
        var ends = 0;
        var shown = 0;
        while (ends < partitions.Count && shown < ResultsShown && consumer.Consume(patience) is { } result)
        {
            if (result.IsPartitionEOF)
            {
                ends++;
            }
            else
            {
                shown++;
                Log.DemonstrationResult(log, resultTopic, System.Text.Encoding.UTF8.GetString(result.Message.Value));
            }
        }
    }

    public void Dispose() => owner.Dispose();

    private async Task LoadAsync(string path, string topic, string baseDirectory, CancellationToken cancellationToken)
    {
        await using var source = await ParquetSource.OpenAsync(new ParquetSourceOptions { Path = path }, baseDirectory, TimeProvider.System, cancellationToken);
        var json = new RecordJson(source.Schema, isJson: false, isWhole: false);
        await foreach (var records in source.ReadAllAsync(cancellationToken))
        {
            foreach (var record in records)
            {
                owner.Produce(topic, new Message<byte[], byte[]> { Value = json.Columns(record) });
            }
        }

        owner.Flush(patience);
        Log.Demonstration(log, source.TotalRecords ?? 0, path, topic);
    }
}
