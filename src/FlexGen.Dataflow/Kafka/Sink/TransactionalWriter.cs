using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

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

    /// <summary>The topics that the open transaction writes to; none where there is no transaction.</summary>
    private readonly HashSet<string> topics = [];
    private readonly ClientLog clientLog = new("sink.kafka", log);
    private IProducer<byte[], byte[]>? producer;
    private int written;
    private KafkaException? writing;
    private Task? hanging;

    private string TransactionalId => settings["transactional.id"];

    public string? Failure { get; private set; }

    public bool TryOpen(TimeSpan patience)
    {
        if (producer is not null)
        {
            return true;
        }

        var opened = MessageProducer.Build(settings, clientLog);
        try
        {
            // Settles what an earlier producer of this id left open.
            Insist(() => opened.InitTransactions(oneCall), patience);
            producer = opened;
            clientLog.Answered();
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

    public bool TryWrite(IEnumerable<OutgoingMessage> messages)
    {
        try
        {
            if (topics.Count == 0)
            {
                producer!.BeginTransaction();
            }

            foreach (var (topic, message) in messages)
            {
                topics.Add(topic);
                written++;
                producer!.Produce(topic, message);
            }

            return true;
        }
        catch (KafkaException e)
        {
            writing = e;
            return false;
        }
    }

    public CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
    {
        try
        {
            if (writing is { Error.Code: not ErrorCode.Local_State })
            {
                return Recover(writing, patience);
            }

            foreach (var (membership, offsets) in next)
            {
                Insist(() => producer!.SendOffsetsToTransaction(offsets, membership, oneCall), patience);
            }

            if (writing is not null)
            {
                // A message before it was refused; the call above should have said why.
                return Recover(writing, patience);
            }

            Insist(() => producer!.CommitTransaction(oneCommit), patience);
            clientLog.Answered();
            return CommitOutcome.Committed;
        }
        catch (KafkaException e)
        {
            return Recover(e, patience);
        }
        finally
        {
            End();
        }
    }

    public void GiveUp(string reason, TimeSpan patience)
    {
        Abort(reason, patience);
        End();
    }

    public void Dispose()
    {
        if (topics.Count > 0 && producer is not null)
        {
            // Otherwise readers of what is committed would wait for it to time out.
            GiveUp("the worker ends", TimeSpan.Zero);
        }

        producer?.Dispose();
    }

    private void End()
    {
        topics.Clear();
        written = 0;
        writing = null;
    }

    private CommitOutcome Recover(KafkaException e, TimeSpan patience)
    {
        var reason = $"{e.Error.Code}: {e.Error.Reason}";
        var isLocal = e is ProduceException<byte[], byte[]>;
        var isAborted = (e is KafkaTxnRequiresAbortException || (isLocal && !e.Error.IsFatal)) && Abort(reason, patience);
        if (!isAborted && producer is not null)
        {
            Replace(reason);
        }

        KafkaErrors.ThrowIfLasting(e.Error, $"sink.kafka: cannot write to {string.Join(" and ", topics)}", e);
        return !isAborted ? CommitOutcome.Unknown : KafkaErrors.IsRejection(e.Error.Code) ? CommitOutcome.Refused : CommitOutcome.NotCommitted;
    }

    private bool Abort(string reason, TimeSpan patience)
    {
        Failure = reason;
        try
        {
            Insist(() => producer!.AbortTransaction(oneCall), patience);
            Log.TransactionAborted(log, written, reason);
            return true;
        }
        catch (KafkaException aborting)
        {
            // An abort can end in a fatal error with nothing wrong; a new producer aborts what is open.
            Replace($"{reason}; abort: {aborting.Error.Code}: {aborting.Error.Reason}");
            return false;
        }
    }

    private void Replace(string reason)
    {
        Failure = reason;
        Log.ProducerReplaced(log, TransactionalId, reason);
        Discard(producer!);
        producer = null;
    }

    // Calls that time out, or meet a coordinator on the move, are to be made again as they were.
    private void Insist(Action call, TimeSpan patience)
    {
        var start = TimeProvider.System.GetTimestamp();
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
