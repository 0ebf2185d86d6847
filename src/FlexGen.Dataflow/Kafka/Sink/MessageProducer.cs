using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Makes producers.</summary>
internal static class MessageProducer
{
    private const int MaxMessageBytes = 100_000_000;

    public static Dictionary<string, string> Settings(KafkaSinkOptions options, string transactionalId)
    {
        var own = new Dictionary<string, string>
        {
            // What the brokers take is theirs to say.
            ["message.max.bytes"] = $"{MaxMessageBytes}",
            ["linger.ms"] = "5",
            // A key goes to the partition that other clients of Kafka would put it into.
            ["partitioner"] = "murmur2_random",
        };
        if (options.Guarantee == "exactlyOnce")
        {
            own["transactional.id"] = transactionalId;
            // How long the partitions of a worker that died stay closed to the one that takes them over.
            own["transaction.timeout.ms"] = "30000";
            own["dotnet.producer.enable.delivery.reports"] = "false";
        }
        else
        {
            own["enable.idempotence"] = "true";
        }

        return KafkaClients.Settings(options, "sink.kafka", own);
    }

    public static IProducer<byte[], byte[]> Build(IReadOnlyDictionary<string, string> settings, ClientLog log) =>
        KafkaClients.Build(() => new ProducerBuilder<byte[], byte[]>(settings)
            .SetErrorHandler((_, error) => log.Add(error))
            .SetLogHandler((_, line) => log.Add(line))
            .Build(), "sink.kafka");
}
