using System.Diagnostics;
using Confluent.Kafka;

namespace FlexGen.Benchmarks.Kafka;

/// <summary>What <see cref="KafkaThroughput"/> is held against: Confluent.Kafka alone, consume, copy, produce, both in one transaction.</summary>
internal static class BareLoop
{
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(30);

    /// <summary>Copies <paramref name="count"/> messages and commits after every <paramref name="interval"/>.</summary>
    /// <returns>From the first message to the last commit.</returns>
    public static TimeSpan Run(ClientConfig client, string from, string to, int count, TimeSpan interval)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(new ClientConfig(client.ToDictionary()))
        {
            GroupId = "bare-loop",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        }).Build();
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new ClientConfig(client.ToDictionary()))
        {
            TransactionalId = "bare-loop",
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
        for (int done = 0; done < count;)
        {
            if (consumer.Consume(100) is { } message)
            {
                clock.Start();
                producer.Produce(to, new Message<byte[], byte[]> { Key = message.Message.Key, Value = message.Message.Value });
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
}
