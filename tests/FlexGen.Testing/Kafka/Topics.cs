using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlexGen.Testing.Kafka;

/// <summary>Makes topics, fills them and reads them back, by plain clients.</summary>
internal static class Topics
{
    /// <summary>What the topics take in one message; a broker alone takes 1 MB.</summary>
    public const int MaxMessageBytes = 20_000_000;

    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    /// <summary>Creates topics under names that no other test uses, and waits until every partition has a leader.</summary>
    /// <returns>The names, in the order given.</returns>
    public static async Task<string[]> CreateAsync(ClientConfig client, int partitions, params string[] names)
    {
        using var admin = new AdminClientBuilder(client).Build();
        var run = Guid.NewGuid().ToString("N")[..8];
        string[] topics = [.. names.Select(name => $"{name}-{run}")];
        await CreateAsync(admin, topics, partitions);
        return topics;
    }

    /// <summary>Deletes topics and creates others of the same names.</summary>
    public static async Task RecreateAsync(ClientConfig client, int partitions, params string[] topics)
    {
        using var admin = new AdminClientBuilder(client).Build();
        await admin.DeleteTopicsAsync(topics);
        while (admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Any(topic => topics.Contains(topic.Topic)))
        {
            await Task.Delay(50);
        }

        await CreateAsync(admin, topics, partitions);
    }

    /// <summary>Sets the largest message that topics take.</summary>
    public static async Task LimitAsync(ClientConfig client, int maxMessageBytes, params string[] topics)
    {
        using var admin = new AdminClientBuilder(client).Build();
        await admin.IncrementalAlterConfigsAsync(topics.ToDictionary(
            topic => new ConfigResource { Type = ResourceType.Topic, Name = topic },
            _ => new List<ConfigEntry> { new() { Name = "max.message.bytes", Value = $"{maxMessageBytes}", IncrementalOperation = AlterConfigOpType.Set } }));
    }

    /// <summary>Adds partitions to a topic, up to a number, and one more topic of one partition.</summary>
    public static async Task AddAsync(ClientConfig client, string topic, int partitions, string another)
    {
        using var admin = new AdminClientBuilder(client).Build();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = partitions }]);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = another, NumPartitions = 1, ReplicationFactor = -1 }]);
        while (!HasLeaders(admin, topic, partitions) || !HasLeaders(admin, another, 1))
        {
            await Task.Delay(50);
        }
    }

    /// <summary>Deletes the messages of a partition before an offset, as retention does.</summary>
    public static async Task DeleteBeforeAsync(ClientConfig client, string topic, int partition, long offset)
    {
        using var admin = new AdminClientBuilder(client).Build();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, partition, offset)]);
    }

    /// <summary>Writes each message, keys in order, acknowledged by all replicas.</summary>
    public static void Write(ClientConfig client, string topic, IEnumerable<Message<byte[]?, byte[]?>> messages) =>
        Write(client, new TopicPartition(topic, Partition.Any), messages);

    /// <summary>Writes each message into one partition.</summary>
    public static void Write(ClientConfig client, TopicPartition partition, IEnumerable<Message<byte[]?, byte[]?>> messages)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(new ClientConfig(client.ToDictionary()))
        {
            EnableIdempotence = true,
            LingerMs = 5,
            MessageMaxBytes = MaxMessageBytes,
        }).Build();
        string? failure = null;
        foreach (var message in messages)
        {
            while (true)
            {
                try
                {
                    producer.Produce(partition, message, report => failure ??= report.Error.IsError ? report.Error.Reason : null);
                    break;
                }
                catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }

        producer.Flush(patience);
        if (failure is not null)
        {
            throw new InvalidOperationException($"could not fill {partition.Topic}: {failure}");
        }
    }

    /// <summary>Every committed message of a topic up to its end at the time of the call, partition by partition in order.</summary>
    public static List<ConsumeResult<byte[]?, byte[]?>> Read(ClientConfig client, string topic)
    {
        using var reader = new TopicReader(client, topic);
        var messages = new List<ConsumeResult<byte[]?, byte[]?>>();
        reader.ReadToEnd(patience, messages.Add);
        return messages;
    }

    private static async Task CreateAsync(IAdminClient admin, string[] topics, int partitions)
    {
        await admin.CreateTopicsAsync(topics.Select(name => new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions,
            ReplicationFactor = -1,
            Configs = new() { ["max.message.bytes"] = $"{MaxMessageBytes}" },
        }));
        while (!topics.All(topic => HasLeaders(admin, topic, partitions)))
        {
            await Task.Delay(50);
        }
    }

    private static bool HasLeaders(IAdminClient admin, string topic, int partitions)
    {
        var found = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics[0];
        return found.Partitions.Count == partitions && found.Partitions.All(p => p.Leader >= 0);
    }
}
