using Confluent.Kafka;

namespace FlexGen.Testing.Kafka;

/// <summary>Reads the committed messages of a topic, from its first, as they come. It is in no group and commits nothing.</summary>
internal sealed class TopicReader : IDisposable
{
    private static readonly TimeSpan queryTimeout = TimeSpan.FromSeconds(20);
    private readonly IConsumer<byte[]?, byte[]?> consumer;

    // Transactions end with markers, which are no messages: only the end of a partition tells that one was passed.
    private readonly Dictionary<TopicPartition, long> read;

    public TopicReader(ClientConfig client, string topic)
    {
        consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(new ClientConfig(client.ToDictionary()))
        {
            GroupId = "reader",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Error,
            EnablePartitionEof = true,
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        read = admin.GetMetadata(topic, queryTimeout).Topics[0].Partitions.ToDictionary(p => new TopicPartition(topic, p.PartitionId), _ => 0L);
        consumer.Assign(read.Keys.Select(p => new TopicPartitionOffset(p, Offset.Beginning)));
    }

    /// <summary>Reads what there is, until nothing has come for <paramref name="quiet"/>.</summary>
    public void ReadAvailable(TimeSpan quiet, Action<ConsumeResult<byte[]?, byte[]?>> use)
    {
        while (TryConsume(quiet, use))
        {
        }
    }

    /// <summary>Reads up to the end at the time of the call, and so waits for the transactions that are open then.</summary>
    /// <exception cref="TimeoutException">The end was not reached within <paramref name="atMost"/>.</exception>
    public void ReadToEnd(TimeSpan atMost, Action<ConsumeResult<byte[]?, byte[]?>> use)
    {
        var deadline = DateTime.UtcNow + atMost;
        var ends = read.Keys.ToDictionary(p => p, p => consumer.QueryWatermarkOffsets(p, queryTimeout).High.Value);
        while (ends.Any(end => read[end.Key] < end.Value))
        {
            if (!TryConsume(TimeSpan.FromMilliseconds(200), use) && DateTime.UtcNow > deadline)
            {
                var missing = ends.Where(end => read[end.Key] < end.Value).Select(end => $"{end.Key} is read to {read[end.Key]} of {end.Value}");
                throw new TimeoutException(string.Join(", ", missing));
            }
        }
    }

    public void Dispose()
    {
        consumer.Close();
        consumer.Dispose();
    }

    private bool TryConsume(TimeSpan wait, Action<ConsumeResult<byte[]?, byte[]?>> use)
    {
        try
        {
            if (consumer.Consume(wait) is not { } result)
            {
                return false;
            }

            read[result.TopicPartition] = result.Offset.Value + (result.IsPartitionEOF ? 0 : 1);
            if (!result.IsPartitionEOF)
            {
                use(result);
            }

            return true;
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            return false;
        }
    }
}
