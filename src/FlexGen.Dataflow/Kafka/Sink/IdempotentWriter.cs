using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>Writes messages, then commits the positions they were made from: at least once, for brokers without transactions.</summary>
internal sealed class IdempotentWriter(IReadOnlyDictionary<string, string> settings, ILogger log) : IMessageWriter
{
    private readonly ClientLog clientLog = new("sink.kafka", log);
    private IProducer<byte[], byte[]>? producer;
    private Deliveries deliveries = new();

    public string? Failure { get; private set; }

    public bool TryOpen(TimeSpan patience)
    {
        producer ??= MessageProducer.Build(settings, clientLog);
        return true;
    }

    public bool TryWrite(IEnumerable<OutgoingMessage> messages)
    {
        var deliveries = this.deliveries;
        try
        {
            foreach (var (topic, message) in messages)
            {
                producer!.Produce(topic, message, report => deliveries.Add(report.Error));
            }

            return true;
        }
        catch (KafkaException e)
        {
            deliveries.Add(e.Error);
            return false;
        }
    }

    public CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
    {
        try
        {
            if (deliveries.Error is null && producer!.Flush(patience) > 0)
            {
                // Written once more they would be there twice.
                Failure = "the brokers do not acknowledge";
                return CommitOutcome.Pending;
            }

            if (deliveries.Error is { } error)
            {
                return Recover(new KafkaException(error));
            }

            positions.Commit(next);
            clientLog.Answered();
            deliveries = new();
            return CommitOutcome.Committed;
        }
        catch (KafkaException e)
        {
            return Recover(e);
        }
    }

    // What was written stays there: it will be there again.
    public void GiveUp(string reason, TimeSpan patience)
    {
        Failure = reason;
        deliveries = new();
    }

    public void Dispose() => producer?.Dispose();

    private CommitOutcome Recover(KafkaException e)
    {
        deliveries = new();
        Failure = $"{e.Error.Code}: {e.Error.Reason}";
        KafkaErrors.ThrowIfLasting(e.Error, "sink.kafka: cannot write", e);
        if (e.Error.IsFatal)
        {
            producer!.Dispose();
            producer = null;
        }

        return KafkaErrors.IsRejection(e.Error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
    }

    /// <summary>What became of the messages since the last attempt to commit; reports come on the client's thread.</summary>
    private sealed class Deliveries
    {
        private readonly Lock gate = new();
        private volatile Error? first;

        /// <summary>The first that went wrong.</summary>
        public Error? Error => first;

        public void Add(Error error)
        {
            lock (gate)
            {
                first ??= error.IsError ? error : null;
            }
        }
    }
}
