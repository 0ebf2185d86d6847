using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlexGen.Dataflow.Kafka;

/// <summary>What tells a topic's log from that of another of its name: the ids that brokers since version 2.8 give to topics.</summary>
/// <param name="admin">The client that asks.</param>
/// <param name="key">The end's key in the pipeline file, for messages.</param>
internal sealed class TopicIds(IAdminClient admin, string key)
{
    /// <summary>The id where the brokers tell none.</summary>
    public static readonly TopicId Unknown = new("", "");

    private const int Tries = 3;
    private static readonly TimeSpan oneRequest = TimeSpan.FromSeconds(5);
    private string? cluster;

    /// <summary>Asks until the brokers answer.</summary>
    /// <returns>The id of each topic; topics that are not there are left out.</returns>
    /// <exception cref="PipelineException">They do not answer.</exception>
    public IReadOnlyDictionary<string, TopicId> Of(IReadOnlyCollection<string> topics)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return Ask(topics, oneRequest);
            }
            catch (KafkaException e)
            {
                KafkaErrors.ThrowIfLasting(e.Error, $"{key}: cannot ask for the ids of {string.Join(", ", topics)}", e);
                if (tries == Tries)
                {
                    throw new PipelineException($"{key}: the brokers do not say which ids the topics {string.Join(", ", topics)} have ({e.Error.Reason}).", e);
                }
            }
        }
    }

    /// <summary>Asks once.</summary>
    /// <returns>The id of each topic; topics that are not there are left out.</returns>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyDictionary<string, TopicId> Ask(IReadOnlyCollection<string> topics, TimeSpan timeout)
    {
        if (topics.Count == 0)
        {
            return new Dictionary<string, TopicId>();
        }

        try
        {
            cluster ??= admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = timeout }).GetAwaiter().GetResult().ClusterId ?? "";
            return Describe(topics, timeout).Where(topic => !topic.Error.IsError).ToDictionary(topic => topic.Name, topic => Id(topic.TopicId));
        }
        catch (KafkaException e)
            when (e.Error.Code == ErrorCode.Local_UnsupportedFeature || e.Error.Reason.Contains("waiting for controller", StringComparison.Ordinal))
        {
            // Such as the cluster inside this process, which has no controller.
            return topics.ToDictionary(topic => topic, _ => Unknown);
        }
    }

    private List<TopicDescription> Describe(IReadOnlyCollection<string> topics, TimeSpan timeout)
    {
        try
        {
            return admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(topics), new DescribeTopicsOptions { RequestTimeout = timeout })
                .GetAwaiter().GetResult().TopicDescriptions;
        }
        catch (DescribeTopicsException e)
        {
            return e.Results.TopicDescriptions;
        }
    }

    private TopicId Id(Uuid id) => id is null || (id.MostSignificantBits == 0 && id.LeastSignificantBits == 0)
        ? Unknown
        : new TopicId(cluster!, id.ToString().Replace('+', '-').Replace('/', '_'));
}
