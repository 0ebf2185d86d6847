using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Writes messages, then commits the positions they were made from: at least once, for brokers without transactions.</summary>
internal sealed class IdempotentWriter(IReadOnlyDictionary<string, string> settings, ILogger log) : IMessageWriter
{
    private IProducer<byte[], byte[]>? producer;

    public string? Failure { get; private set; }

    public bool TryOpen(TimeSpan patience)
    {
        producer ??= MessageProducer.Build(settings, log);
        return true;
    }

    public CommitOutcome Commit(
        IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
    {
        try
        {
            if (Write(messages, patience) is { } error)
            {
                Failure = $"{error.Code}: {error.Reason}";
                KafkaErrors.ThrowIfLasting(error, "sink.kafka: cannot write");
                return KafkaErrors.IsRejection(error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
            }
            positions.Commit(next);
            return CommitOutcome.Committed;
        }
        catch (KafkaException e)
        {
            Failure = $"{e.Error.Code}: {e.Error.Reason}";
            KafkaErrors.ThrowIfLasting(e.Error, "sink.kafka: cannot write", e);
            if (e.Error.IsFatal)
            {
                producer!.Dispose();
                producer = null;
            }
            return KafkaErrors.IsRejection(e.Error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
        }
    }

    public void Dispose() => producer?.Dispose();

    private Error? Write(IReadOnlyList<OutgoingMessage> messages, TimeSpan patience)
    {
        Error? first = null;
        int delivered = 0;
        foreach (var (topic, message) in messages)
        {
            producer!.Produce(topic, message, report =>
            {
                delivered++;
                first ??= report.Error.IsError ? report.Error : null;
            });
        }
        producer!.Flush(patience);
        return first ?? (delivered < messages.Count ? new Error(ErrorCode.Local_TimedOut) : null);
    }
}
