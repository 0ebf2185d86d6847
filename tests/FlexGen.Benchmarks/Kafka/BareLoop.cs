using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Confluent.Kafka;

namespace FlexGen.Benchmarks.Kafka;

/// <summary>
/// What <see cref="KafkaThroughput"/> is held against: Confluent.Kafka alone in one thread; consume, transform, produce, results and offsets
/// in one transaction.
/// </summary>
internal static class BareLoop
{
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(30);

    /// <summary>Answers <paramref name="count"/> messages and commits after every <paramref name="interval"/>.</summary>
    /// <param name="client">How to connect.</param>
    /// <param name="from">The topic of requests.</param>
    /// <param name="to">The topic of results.</param>
    /// <param name="count">How many to answer.</param>
    /// <param name="interval">How long a transaction stays open.</param>
    /// <param name="transform">Makes a result of a request.</param>
    /// <param name="isTuned">Fetch ahead as the worker does, rather than by librdkafka's defaults.</param>
    /// <returns>From the first message to the last commit.</returns>
    public static TimeSpan Run(ClientConfig client, string from, string to, int count, TimeSpan interval, Func<byte[], byte[]> transform, bool isTuned)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new ClientConfig(client.ToDictionary()))
        {
            GroupId = $"bare-loop-{to}",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            ConsumeResultFields = "headers,topic",
            QueuedMaxMessagesKbytes = isTuned ? 32768 : null,
            FetchQueueBackoffMs = isTuned ? 10 : null,
        }).Build();
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new ClientConfig(client.ToDictionary()))
        {
            TransactionalId = $"bare-loop-{to}",
            EnableDeliveryReports = false,
            LingerMs = 5,
            // As many as an interval brings.
            QueueBufferingMaxMessages = 1_000_000,
        }).Build();
        producer.InitTransactions(timeout);
        producer.BeginTransaction();
        consumer.Subscribe(from);

        var next = new Dictionary<TopicPartition, Offset>();
        var clock = new Stopwatch();
        var committed = TimeSpan.Zero;
        for (var done = 0; done < count;)
        {
            if (consumer.Consume(100) is { } message)
            {
                clock.Start();
                producer.Produce(to, new Message<byte[], byte[]>
                {
                    Key = message.Message.Key,
                    Value = transform(message.Message.Value),
                    Headers = message.Message.Headers,
                });
                next[message.TopicPartition] = message.Offset + 1;
                done++;
            }

            if (done == count || clock.Elapsed - committed > interval)
            {
                producer.SendOffsetsToTransaction(next.Select(n => new TopicPartitionOffset(n.Key, n.Value)), consumer.ConsumerGroupMetadata, timeout);
                producer.CommitTransaction(timeout);
                next.Clear();
                committed = clock.Elapsed;
                if (done < count)
                {
                    producer.BeginTransaction();
                }
            }
        }

        consumer.Close();
        return clock.Elapsed;
    }

    /// <summary>The message as it is: what the clients and the broker cost, and nothing else.</summary>
    public static Func<byte[], byte[]> Copy() => value => value;

    /// <summary>The result that the worker writes with an echo: the request's fields, and its text once more as the output.</summary>
    public static Func<byte[], byte[]> Echo()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new Utf8JsonWriter(buffer);
        return value =>
        {
            using var request = JsonDocument.Parse(value);
            buffer.ResetWrittenCount();
            writer.Reset(buffer);
            writer.WriteStartObject();
            foreach (var field in request.RootElement.EnumerateObject())
            {
                field.WriteTo(writer);
            }

            writer.WriteString("output"u8, request.RootElement.GetProperty("text"u8).GetString());
            writer.WriteString("finish_reason"u8, "stop"u8);
            writer.WriteNumber("prompt_tokens"u8, 0);
            writer.WriteNumber("completion_tokens"u8, 0);
            writer.WriteEndObject();
            writer.Flush();
            return buffer.WrittenSpan.ToArray();
        };
    }
}
