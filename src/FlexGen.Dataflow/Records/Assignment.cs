using Confluent.Kafka;

namespace FlexGen.Dataflow.Records;

/// <summary>
/// A stretch of time in which this process reads a stream. Records of one that is lost are no longer this process's to deliver, even
/// when the stream comes back to it: they will be read again.
/// </summary>
/// <param name="stream">The stream of the records' origins.</param>
/// <param name="partition">The partition that it is; null where it is a file.</param>
internal sealed class Assignment(string stream, TopicPartition? partition = null)
{
    private volatile bool isLost;
    private long undelivered;

    public string Stream { get; } = stream;

    public TopicPartition? Partition { get; } = partition;

    public bool IsLost => isLost;

    /// <summary>Records read that no sink has taken yet; of a lost assignment it means nothing.</summary>
    public long Undelivered => Interlocked.Read(ref undelivered);

    public void Lose() => isLost = true;

    public void CountRead() => Interlocked.Increment(ref undelivered);

    public void CountDelivered() => Interlocked.Decrement(ref undelivered);
}
