using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sinks;

/// <summary>Puts messages and the positions they were made from into one transaction.</summary>
/// <param name="settings">Settings of the producer, the transactional id among them.</param>
/// <param name="log">Where to report.</param>
internal sealed class TransactionalWriter(IReadOnlyDictionary<string, string> settings, ILogger log) : IMessageWriter
{
    private static readonly TimeSpan oneCall = TimeSpan.FromSeconds(5);

    // A message that the brokers refuse keeps a commit waiting to its timeout; the call after it says what is wrong.
    private static readonly TimeSpan oneCommit = TimeSpan.FromSeconds(2);

    private IProducer<byte[], byte[]>? producer;

    private string TransactionalId => settings["transactional.id"];

    public string? Failure { get; private set; }

    public bool TryOpen(TimeSpan patience)
    {
        if (producer is not null)
        {
            return true;
        }
        var opened = MessageProducer.Build(settings, log);
        try
        {
            // Settles what an earlier producer of this id left open.
            Insist(() => opened.InitTransactions(oneCall), patience);
            producer = opened;
            return true;
        }
        catch (KafkaException e)
        {
            opened.Dispose();
            KafkaErrors.ThrowIfLasting(e.Error, $"sink.kafka: cannot write as the transactional id {TransactionalId}", e);
            Failure = e.Error.Reason;
            return false;
        }
    }

    public CommitOutcome Commit(
        IReadOnlyList<OutgoingMessage> messages, IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
    {
        try
        {
            producer!.BeginTransaction();
            foreach (var (topic, message) in messages)
            {
                producer.Produce(topic, message);
            }
            foreach (var (membership, offsets) in next)
            {
                Insist(() => producer.SendOffsetsToTransaction(offsets, membership, oneCall), patience);
            }
            Insist(() => producer.CommitTransaction(oneCommit), patience);
            return CommitOutcome.Committed;
        }
        catch (KafkaException e)
        {
            return Recover(e, messages.Count, patience);
        }
    }

    public void Dispose() => producer?.Dispose();

    private CommitOutcome Recover(KafkaException e, int count, TimeSpan patience)
    {
        Failure = $"{e.Error.Code}: {e.Error.Reason}";
        bool isLocal = e is ProduceException<byte[], byte[]>;
        if (e is KafkaTxnRequiresAbortException || (isLocal && !e.Error.IsFatal))
        {
            try
            {
                Insist(() => producer!.AbortTransaction(oneCall), patience);
                Log.TransactionAborted(log, count, Failure);
                ThrowIfLasting(e);
                return KafkaErrors.IsRejection(e.Error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
            }
            catch (KafkaException aborting)
            {
                // An abort can end in a fatal error with nothing wrong; a new producer aborts what is open.
                Failure += $"; abort: {aborting.Error.Code}: {aborting.Error.Reason}";
            }
        }
        Log.ProducerReplaced(log, TransactionalId, Failure);
        producer!.Dispose();
        producer = null;
        ThrowIfLasting(e);
        return CommitOutcome.Unknown;
    }

    private static void ThrowIfLasting(KafkaException e) => KafkaErrors.ThrowIfLasting(e.Error, "sink.kafka: cannot write", e);

    // Calls that time out, or meet a coordinator on the move, are to be made again as they were.
    private void Insist(Action call, TimeSpan patience)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                call();
                return;
            }
            catch (KafkaRetriableException e) when (TimeProvider.System.GetElapsedTime(start) < patience)
            {
                Log.Retrying(log, "a step of a transaction", $"{e.Error.Code}: {e.Error.Reason}");
                Thread.Sleep(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
