using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Output and dead letter in topics of one cluster. A record is held until all that were read before it in its partition are finished;
/// then it is committed with them, in the order they were read. Held records outlive a transaction that fails: the next takes them.
/// </summary>
internal sealed class KafkaSink : ISink
{
    /// <summary>While one commit is under way, what the next takes becomes ready.</summary>
    private const int MaxRecordsReady = RecordCommitter.MaxTogether * 3 / 2;
    private const int RecordsWorthWriting = 1000;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan minInterval = TimeSpan.FromMilliseconds(100);

    // The brokers end a transaction that stays open for 30 s, so a late commit's is not begun early.
    private static readonly TimeSpan writeAhead = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan minPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan maxPause = TimeSpan.FromSeconds(2);

    private readonly KafkaSinkOptions options;
    private readonly ResultFormat format;
    private readonly IMessageWriter writer;
    private readonly IPositions positions;
    private readonly ILogger log;
    private readonly Coverage done;
    private readonly UncommittedRecords records;
    private readonly RecordCommitter committer;
    private readonly Lock committing = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly CancellationTokenSource closing = new();
    private readonly Task committingThread;
    private long committedAt = TimeProvider.System.GetTimestamp();
    private volatile PipelineException? failure;

    public KafkaSink(KafkaSinkOptions options, ResultFormat format, IMessageWriter writer, IPositions positions, Coverage done, ILogger log)
    {
        this.options = options;
        this.format = format;
        this.writer = writer;
        this.positions = positions;
        this.done = done;
        this.log = log;
        records = new UncommittedRecords(options.MaxUncommitted, MaxRecordsReady, options.MaxUncommittedBytes);
        committer = new RecordCommitter(records, format, writer, positions, patience, record => OnDelivered(record), log);
        committingThread = Task.Factory.StartNew(CommitFromTimeToTime, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Action<Record> OnDelivered { private get; set; } = _ => { };

    public bool KeepsPositions => false;

    public ValueTask<IntervalSet> CoveredAsync(string stream) => ValueTask.FromResult(done[stream].Copy());

    public ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken) =>
        this.records.ExpectAsync(records, cancellationToken);

    public void Encode(Record record) => format.Encode(record);

    public ValueTask WriteAsync(Record[] records)
    {
        ThrowIfFailed();
        this.records.Finish(records);
        if (this.records.ReadyCount >= RecordsWorthWriting || !this.records.IsAnyUnfinished)
        {
            wake.Set();
        }
        return ValueTask.CompletedTask;
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
        while (!TryCommitAll())
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
            while (positions.Membership is not null && failure is null && !TryCommitAll() && TimeProvider.System.GetElapsedTime(start) < patience)
            {
                Thread.Sleep(minPause);
            }
        }
        catch (PipelineException e)
        {
            Log.ReleaseFailed(log, e.Message);
        }
        records.Drop(assignments);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        wake.Set();
        await committingThread;
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
                if (TryCommitWhatIsDue())
                {
                    pause = minPause;
                    wake.WaitOne(UntilDue());
                }
                else
                {
                    closing.Token.WaitHandle.WaitOne(pause);
                    pause = TimeSpan.FromMilliseconds(Math.Min(2 * pause.TotalMilliseconds, maxPause.TotalMilliseconds));
                }
            }
            catch (PipelineException)
            {
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

    /// <summary>Writes what is ready, and commits where it is time.</summary>
    /// <returns>Whether it succeeded.</returns>
    private bool TryCommitWhatIsDue() => Committing(() =>
    {
        while (UntilDue() <= writeAhead || records.ReadyCount >= RecordCommitter.MaxTogether)
        {
            if (!committer.TryWrite())
            {
                return false;
            }
            if (!committer.IsFull && UntilDue() > TimeSpan.Zero)
            {
                return true;
            }
            if (!committer.TryCommit())
            {
                return false;
            }
            if (!committer.IsOpen)
            {
                committedAt = TimeProvider.System.GetTimestamp();
            }
        }
        return true;
    });

    private bool TryCommitAll() => Committing(() =>
    {
        do
        {
            if (!committer.TryWrite() || !committer.TryCommit())
            {
                return false;
            }
        }
        while (committer.IsOpen || records.ReadyCount > 0);
        return true;
    });

    // Nothing is committed after an attempt that has failed for good: its records would be passed over.
    private bool Committing(Func<bool> attempt)
    {
        lock (committing)
        {
            ThrowIfFailed();
            try
            {
                return attempt();
            }
            catch (Exception e)
            {
                var failed = e as PipelineException ?? new PipelineException($"sink.kafka: {e.Message}", e);
                Fail(failed);
                throw failed;
            }
        }
    }

    // Where nothing is unfinished there is nothing to wait for.
    private TimeSpan UntilDue()
    {
        var interval = records.IsAnyUnfinished || options.CommitInterval < minInterval ? options.CommitInterval : minInterval;
        var left = interval - TimeProvider.System.GetElapsedTime(committedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
