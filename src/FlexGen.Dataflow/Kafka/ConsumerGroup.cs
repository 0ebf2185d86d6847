using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka;

/// <summary>A consumer and what its group knows: which positions are committed, and who this process is to the group.</summary>
internal sealed class ConsumerGroup : IDisposable
{
    private static readonly TimeSpan requestTimeout = TimeSpan.FromSeconds(10);

    // Shorter than max.poll.interval.ms, after which the group takes this process for dead.
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(200);

    private readonly IAdminClient admin;
    private volatile IConsumerGroupMetadata? membership;

    public ConsumerGroup(string groupId, IConsumer<byte[], byte[]> consumer)
    {
        GroupId = groupId;
        Consumer = consumer;
        admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        Logs = new PartitionLogs(admin);
    }

    public string GroupId { get; }

    public IConsumer<byte[], byte[]> Consumer { get; }

    public PartitionLogs Logs { get; }

    /// <summary>Member and generation, by which the brokers refuse the offsets of one who was thrown out; null while it is no member.</summary>
    public IConsumerGroupMetadata? Membership => membership;

    /// <summary>Call it on the thread that polls, outside of a loss of the assignment.</summary>
    public void RefreshMembership()
    {
        var current = Consumer.ConsumerGroupMetadata;
        // Without a member id the brokers would check nothing. It is asked for last: once it is gone, only this thread's next poll
        // can bring another.
        membership = string.IsNullOrEmpty(Consumer.MemberId) ? null : current;
    }

    public void LoseMembership() => membership = null;

    /// <summary>The committed positions, once no transaction is about to change them.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyList<TopicPartitionOffset> Committed(IEnumerable<TopicPartition> partitions) => Consumer.Committed(partitions, requestTimeout);

    /// <summary>Commits positions for a group that has no member. The brokers refuse it once there is one, so it moves no one's position.</summary>
    /// <returns>False where the group has members.</returns>
    /// <exception cref="KafkaException">The brokers did not answer, or refused.</exception>
    public bool TryCommitWithoutMembers(IEnumerable<TopicPartitionOffset> positions)
    {
        try
        {
            var change = new ConsumerGroupTopicPartitionOffsets(GroupId, [.. positions]);
            admin.AlterConsumerGroupOffsetsAsync([change], new AlterConsumerGroupOffsetsOptions { RequestTimeout = requestTimeout }).GetAwaiter().GetResult();
            return true;
        }
        catch (AlterConsumerGroupOffsetsException e)
        {
            var error = e.Results.SelectMany(r => r.Partitions.Select(p => p.Error).Prepend(r.Error)).FirstOrDefault(error => error.IsError) ?? e.Error;
            return error.Code is ErrorCode.UnknownMemberId or ErrorCode.NonEmptyGroup or ErrorCode.RebalanceInProgress or ErrorCode.FencedInstanceId
                ? false
                : throw new KafkaException(error, e);
        }
    }

    /// <summary>Asks again, for 2 minutes, what may succeed another time: coordinators move, and transactions that are open keep positions back.</summary>
    /// <exception cref="KafkaException">It does not, or only the user can mend it.</exception>
    public static T Insist<T>(string what, Func<T> ask, ILogger log)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return ask();
            }
            catch (KafkaException e) when (KafkaErrors.Remedy(e.Error) is null && TimeProvider.System.GetElapsedTime(since) < patience)
            {
                Log.Retrying(log, what, e.Error.Reason);
                Thread.Sleep(pause);
            }
        }
    }

    public void Dispose()
    {
        admin.Dispose();
        Consumer.Dispose();
    }
}
