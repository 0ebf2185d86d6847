using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>
/// Which topics are read: a topic that is deleted and created anew has the same name and other messages, and a consumer goes on in it at
/// the offset where it was. Safe for several threads.
/// </summary>
internal sealed class TopicIdentities : IDisposable
{
    private static readonly TimeSpan oneRequest = TimeSpan.FromSeconds(2);
    private readonly bool isEmbedded;
    private readonly IAdminClient admin;
    private readonly TopicIds ids;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<string, TopicId> topics = [];
    private readonly ConcurrentDictionary<string, string> streams = [];
    private readonly Lock asking = new();
    private long checkedAt = TimeProvider.System.GetTimestamp();

    /// <param name="options">The end of the pipeline.</param>
    /// <param name="client">A client that is connected to its brokers.</param>
    /// <param name="log">Where to report.</param>
    public TopicIdentities(KafkaSourceOptions options, Handle client, ILogger log)
    {
        isEmbedded = options.IsEmbedded;
        this.log = log;
        admin = new DependentAdminClientBuilder(client).Build();
        ids = new TopicIds(admin, "source.kafka");
    }

    /// <summary>What tells each partition's log from another's of its name; empty where the brokers do not say. Partitions that are added come to it.</summary>
    public IReadOnlyDictionary<string, string> Streams => streams;

    /// <summary>Learns of partitions that are about to be read.</summary>
    /// <exception cref="PipelineException">The brokers do not answer, or a topic is another than before.</exception>
    public void Add(IReadOnlyCollection<TopicPartition> partitions)
    {
        if (isEmbedded)
        {
            // It knows no ids, and ends with the process.
            return;
        }

        string[] unknown = [.. partitions.Select(partition => partition.Topic).Distinct().Where(topic => !topics.ContainsKey(topic))];
        var found = ids.Of(unknown);
        foreach (var topic in unknown)
        {
            topics.TryAdd(topic, found.GetValueOrDefault(topic, TopicIds.Unknown));
        }

        foreach (var partition in partitions)
        {
            streams.TryAdd(PartitionReading.StreamOf(partition), topics[partition.Topic].ToString());
        }

        if (unknown.Any(topic => !topics[topic].IsKnown))
        {
            Log.NoTopicIds(log, "source.kafka");
        }

        Check(TimeSpan.Zero);
    }

    /// <summary>Looks again, unless it has within <paramref name="period"/>. What cannot be asked now is no error.</summary>
    /// <exception cref="PipelineException">A topic is another than before.</exception>
    public void Check(TimeSpan period)
    {
        lock (asking)
        {
            string[] known = [.. topics.Where(topic => topic.Value.IsKnown).Select(topic => topic.Key)];
            if (known.Length == 0 || TimeProvider.System.GetElapsedTime(checkedAt) < period)
            {
                return;
            }

            checkedAt = TimeProvider.System.GetTimestamp();
            try
            {
                Compare(ids.Ask(known, oneRequest));
            }
            catch (KafkaException)
            {
                // Brokers that are away are noticed by what is read and written.
            }
        }
    }

    public void Dispose() => admin.Dispose();

    private void Compare(IReadOnlyDictionary<string, TopicId> now)
    {
        foreach (var (topic, id) in now)
        {
            if (id.IsKnown && topics.TryGetValue(topic, out var before) && before.IsKnown && before != id)
            {
                throw new PipelineException(
                    $"source.kafka: the topic {topic} was deleted and created anew while it was read: it was {before}, it is {id}, "
                    + "and positions in the one mean nothing in the other. "
                    + "To read the new one from `start`, start again with another groupId, and where the sink is Parquet with other folders.");
            }
        }
    }
}
