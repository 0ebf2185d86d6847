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

    // As long as the brokers keep a transaction open: whatever comes back later is of no use.
    private static readonly TimeSpan hang = TimeSpan.FromSeconds(30);

    // A message that the brokers refuse keeps a commit waiting to its timeout; the call after it says what is wrong.
    private static readonly TimeSpan oneCommit = TimeSpan.FromSeconds(2);

    private IProducer<byte[], byte[]>? producer;
    private Task? hanging;

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
            Discard(opened);
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
            return Recover(e, messages, patience);
        }
    }

    public void Dispose() => producer?.Dispose();

    private CommitOutcome Recover(KafkaException e, IReadOnlyList<OutgoingMessage> messages, TimeSpan patience)
    {
        Failure = $"{e.Error.Code}: {e.Error.Reason}";
        bool isLocal = e is ProduceException<byte[], byte[]>;
        if (e is KafkaTxnRequiresAbortException || (isLocal && !e.Error.IsFatal))
        {
            try
            {
                Insist(() => producer!.AbortTransaction(oneCall), patience);
                Log.TransactionAborted(log, messages.Count, Failure);
                ThrowIfLasting(e, messages);
                return KafkaErrors.IsRejection(e.Error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
            }
            catch (KafkaException aborting)
            {
                // An abort can end in a fatal error with nothing wrong; a new producer aborts what is open.
                Failure += $"; abort: {aborting.Error.Code}: {aborting.Error.Reason}";
            }
        }
        Log.ProducerReplaced(log, TransactionalId, Failure);
        Discard(producer!);
        producer = null;
        ThrowIfLasting(e, messages);
        return CommitOutcome.Unknown;
    }

    private static void ThrowIfLasting(KafkaException e, IReadOnlyList<OutgoingMessage> messages) =>
        KafkaErrors.ThrowIfLasting(e.Error, $"sink.kafka: cannot write to {string.Join(" and ", messages.Select(m => m.Topic).Distinct())}", e);

    // Calls that time out, or meet a coordinator on the move, are to be made again as they were.
    private void Insist(Action call, TimeSpan patience)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Call(call);
                return;
            }
            catch (KafkaRetriableException e) when (TimeProvider.System.GetElapsedTime(start) < patience)
            {
                Log.Retrying(log, "a step of a transaction", $"{e.Error.Code}: {e.Error.Reason}");
                Thread.Sleep(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    // librdkafka 2.16 can wait for an answer forever, whatever timeout it was given, once a coordinator's connection was lost.
    private void Call(Action call)
    {
        var calling = Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (Task.WaitAny([calling], hang) < 0)
        {
            hanging = calling;
            throw new KafkaException(new Error(ErrorCode.Local_TimedOut, $"a step of a transaction did not end within {hang.TotalSeconds:0} s"));
        }
        calling.GetAwaiter().GetResult();
    }

    // One with a call in it cannot be disposed of; the next producer of its transactional id takes its rights away.
    private void Discard(IProducer<byte[], byte[]> discarded)
    {
        if (hanging is null)
        {
            discarded.Dispose();
            return;
        }
        _ = hanging.ContinueWith(_ => discarded.Dispose(), CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
        hanging = null;
    }
}
