using Confluent.Kafka;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// Output and dead letter in topics of one cluster. A record is held until all that were read before it in its partition are finished;
/// then it is committed with them, in the order they were read. Held records outlive a transaction that fails: the next takes them.
/// </summary>
internal sealed class KafkaSink : ISink
{
    private const int MaxRecordsTogether = 10_000;
    private const int RecordsWorthCommitting = MaxRecordsTogether / 2;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan minPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan maxPause = TimeSpan.FromSeconds(2);

    private readonly KafkaSinkOptions options;
    private readonly ResultFormat format;
    private readonly IMessageWriter writer;
    private readonly IPositions positions;
    private readonly ILogger log;
    private readonly Coverage done;
    private readonly UncommittedRecords records;
    private readonly Lock committing = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly CancellationTokenSource closing = new();
    private readonly Task committer;

    /// <summary>Dead letters that the brokers refused: they go without their payload.</summary>
    private readonly HashSet<Record> stripped = [];
    private int limit = MaxRecordsTogether;
    private (List<Record> Batch, IReadOnlyList<GroupOffsets> Next)? unsettled;
    private volatile PipelineException? failure;

    public KafkaSink(KafkaSinkOptions options, ResultFormat format, IMessageWriter writer, IPositions positions, Coverage done, ILogger log)
    {
        this.options = options;
        this.format = format;
        this.writer = writer;
        this.positions = positions;
        this.done = done;
        this.log = log;
        records = new UncommittedRecords(options.MaxUncommitted, MaxRecordsTogether, options.MaxUncommittedBytes);
        committer = Task.Factory.StartNew(CommitFromTimeToTime, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public ValueTask<IntervalSet> CoveredAsync(string stream) => ValueTask.FromResult(done[stream].Copy());

    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) =>
        this.records.ExpectAsync(records, cancellationToken);

    public void Encode(Record record) => format.Encode(record);

    public ValueTask<Record[]> WriteAsync(Record[] records)
    {
        ThrowIfFailed();
        var taken = this.records.Finish(records);
        if (this.records.ReadyCount >= RecordsWorthCommitting)
        {
            wake.Set();
        }
        return ValueTask.FromResult(taken);
    }

    public ValueTask CommitIfDueAsync()
    {
        ThrowIfFailed();
        return ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync()
    {
        ThrowIfFailed();
        long start = TimeProvider.System.GetTimestamp();
        while (!TryCommit())
        {
            if (TimeProvider.System.GetElapsedTime(start) > patience)
            {
                throw new PipelineException(
                    $"sink.kafka: the brokers at {options.BootstrapServers} did not commit within {patience.TotalSeconds:0} s ({writer.Failure}): "
                    + "what is not committed will be done again by the next run.");
            }
            Thread.Sleep(minPause);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments)
    {
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            while (positions.Membership is not null && failure is null && !TryCommit() && TimeProvider.System.GetElapsedTime(start) < patience)
            {
                Thread.Sleep(minPause);
            }
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
            Fail(e);
        }
        records.Drop(assignments);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        wake.Set();
        await committer;
        writer.Dispose();
        positions.Dispose();
        wake.Dispose();
        closing.Dispose();
    }

    private void CommitFromTimeToTime()
    {
        var pause = minPause;
        while (!closing.IsCancellationRequested)
        {
            try
            {
                if (TryCommit(RecordsWorthCommitting))
                {
                    pause = minPause;
                    wake.WaitOne(options.CommitInterval);
                }
                else
                {
                    closing.Token.WaitHandle.WaitOne(pause);
                    pause = TimeSpan.FromMilliseconds(Math.Min(2 * pause.TotalMilliseconds, maxPause.TotalMilliseconds));
                }
            }
            catch (Exception e)
            {
                Fail(e as PipelineException ?? new PipelineException($"sink.kafka: {e.Message}", e));
                return;
            }
        }
    }

    private void Fail(PipelineException e)
    {
        failure = e;
        records.Fail(e);
    }

    private void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Commits what is ready, and goes on while at least <paramref name="worthwhile"/> records are.</summary>
    /// <returns>Whether it succeeded.</returns>
    private bool TryCommit(int worthwhile = 1)
    {
        lock (committing)
        {
            do
            {
                if (!writer.TryOpen(patience) || !TrySettle())
                {
                    return false;
                }
                var batch = records.Ready(limit, () => positions.Membership, out var membership);
                if (batch.Count > 0 && (membership is null || !TryCommit(batch, membership)))
                {
                    return false;
                }
            }
            while (unsettled is not null || records.ReadyCount >= worthwhile);
            return true;
        }
    }

    private bool TryCommit(List<Record> batch, IConsumerGroupMetadata membership)
    {
        var next = positions.After(batch, membership);
        switch (writer.Commit([.. batch.Select(record => format.Message(record, stripped.Contains(record)))], next, positions, patience))
        {
            case CommitOutcome.Committed:
                Log.TransactionCommitted(log, batch.Count);
                Forget(batch, next);
                stripped.ExceptWith(batch);
                limit = Math.Min(2 * limit, MaxRecordsTogether);
                return true;
            case CommitOutcome.Refused:
                Narrow(batch);
                return true;
            case CommitOutcome.Unknown:
                unsettled = (batch, next);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Finds out what became of a transaction whose producer was lost; until then nothing else may be committed.</summary>
    private bool TrySettle()
    {
        if (unsettled is not var (batch, next))
        {
            return true;
        }
        try
        {
            if (positions.AreCommitted(next))
            {
                Forget(batch, next);
            }
            unsettled = null;
            return true;
        }
        catch (KafkaException e)
        {
            Log.Retrying(log, "asking for the committed positions", e.Error.Reason);
            return false;
        }
    }

    private void Forget(List<Record> batch, IReadOnlyList<GroupOffsets> next)
    {
        records.Forget(batch);
        positions.Note(next);
    }

    // Halves the batch until the message that the brokers refuse is alone.
    private void Narrow(List<Record> batch)
    {
        limit = Math.Max(1, batch.Count / 2);
        if (batch is not [var record])
        {
            return;
        }
        var reason = writer.Failure ?? "";
        Log.ResultRefused(log, record.Origin.ToString(), reason);
        if (record.Error is null)
        {
            ResultFormat.Decode(record);
            record.Fail("result_refused", $"the brokers refuse the result: {reason}");
        }
        else if (!stripped.Add(record))
        {
            throw new PipelineException($"sink.kafka: the brokers refuse the dead letter of {record.Origin} even without its payload: {reason}");
        }
    }
}
