using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka;

/// <summary>Asks the brokers what is there before a run begins, so that what is missing is one clear error.</summary>
internal sealed class KafkaCluster : IDisposable
{
    private static readonly TimeSpan oneRequest = TimeSpan.FromSeconds(5);

    private readonly KafkaOptions options;
    private readonly string key;
    private readonly IAdminClient admin;
    private Error? lastError;

    public KafkaCluster(KafkaOptions options, string key, ILogger log)
    {
        this.options = options;
        this.key = key;
        admin = KafkaClients.Build(() => new AdminClientBuilder(KafkaClients.Settings(options, key))
            .SetErrorHandler((_, error) => lastError = KafkaErrors.Remedy(lastError ?? error) is null ? error : lastError ?? error)
            .SetLogHandler((_, message) => Log.Client(log, message.Message)).Build(), key);
    }

    /// <summary>The partitions of a topic, or of every topic that fits a pattern.</summary>
    /// <exception cref="PipelineException">The brokers cannot be reached, the topic is missing, or the user may not see it.</exception>
    public IReadOnlyList<TopicPartition> Partitions(string topic, string right, string? end = null)
    {
        var key = end ?? this.key;
        var isPattern = topic.StartsWith('^');
        var found = Ask($"topic {topic}", () => isPattern ? admin.GetMetadata(oneRequest) : admin.GetMetadata(topic, oneRequest));
        var topics = found.Topics.Where(t => !isPattern || System.Text.RegularExpressions.Regex.IsMatch(t.Topic, topic)).ToArray();
        foreach (var one in topics)
        {
            if (one.Error.Code == ErrorCode.TopicAuthorizationFailed)
            {
                throw new PipelineException($"{key}: the user may not {right.ToLowerInvariant()} the topic {one.Topic}: grant {right} and Describe on it.");
            }

            if (one.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic || (one.Partitions.Count == 0 && !isPattern))
            {
                throw new PipelineException(
                    $"{key}: there is no topic {one.Topic} at {options.BootstrapServers} (or the user may not {right.ToLowerInvariant()} "
                        + $"it: that right is {right}): create it, or correct its name.");
            }
        }

        return [.. topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId)))];
    }

    /// <summary>What tells one cluster from another.</summary>
    /// <exception cref="PipelineException">The brokers cannot be reached.</exception>
    public string ClusterId() => Ask("cluster", () =>
        admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = oneRequest }).GetAwaiter().GetResult().ClusterId ?? "");

    public void Dispose() => admin.Dispose();

    private T Ask<T>(string what, Func<T> request)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return request();
            }
            catch (KafkaException e)
            {
                KafkaErrors.ThrowIfLasting(lastError ?? e.Error, $"{key}: cannot ask {options.BootstrapServers} for {what}", e);
                KafkaErrors.ThrowIfLasting(e.Error, $"{key}: cannot ask {options.BootstrapServers} for {what}", e);
                if (TimeProvider.System.GetElapsedTime(start) >= options.ConnectTimeout)
                {
                    throw new PipelineException(
                        $"{key}: no broker at {options.BootstrapServers} answered within {options.ConnectTimeout.TotalSeconds:0} s "
                        + $"({lastError?.Reason ?? e.Error.Reason}): check that the brokers run, bootstrapServers, and security.protocol in "
                        + "properties; connectTimeout sets how long to wait.",
                        e);
                }
            }
        }
    }
}
