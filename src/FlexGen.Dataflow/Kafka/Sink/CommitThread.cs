namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Commits what is ready, from time to time on a thread of its own and all at once when asked. Nothing is committed after an attempt that
/// has failed for good: its records would be passed over. Safe for several threads.
/// </summary>
internal sealed class CommitThread : IAsyncDisposable
{
    /// <summary>How long a commit is tried again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int RecordsWorthWriting = 1000;
    private static readonly TimeSpan minInterval = TimeSpan.FromMilliseconds(100);

    // The brokers end a transaction that stays open for 30 s, so a late commit's is not begun early.
    private static readonly TimeSpan writeAhead = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan minPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan maxPause = TimeSpan.FromSeconds(2);

    private readonly UncommittedRecords records;
    private readonly RecordCommitter committer;
    private readonly TimeSpan interval;
    private readonly Lock committing = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly CancellationTokenSource closing = new();
    private readonly Task thread;
    private long committedAt = TimeProvider.System.GetTimestamp();
    private volatile PipelineException? failure;

    /// <param name="records">What is to be committed.</param>
    /// <param name="committer">Commits it; used by nothing else.</param>
    /// <param name="interval">How long records wait for others that are committed with them.</param>
    public CommitThread(UncommittedRecords records, RecordCommitter committer, TimeSpan interval)
    {
        this.records = records;
        this.committer = committer;
        this.interval = interval;
        thread = Task.Factory.StartNew(CommitFromTimeToTime, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Whether an attempt has failed for good.</summary>
    public bool IsBroken => failure is not null;

    /// <exception cref="PipelineException">An attempt has failed for good.</exception>
    public void ThrowIfBroken()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Learns that records became ready.</summary>
    public void Look()
    {
        if (records.ReadyCount >= RecordsWorthWriting || !records.IsAnyUnfinished)
        {
            wake.Set();
        }
    }

    /// <summary>Commits all that is ready, and tries again for 10 s as long as <paramref name="goesOn"/>.</summary>
    /// <returns>Whether it is committed.</returns>
    /// <exception cref="PipelineException">An attempt has failed for good.</exception>
    public bool CommitAll(Func<bool> goesOn)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (goesOn())
        {
            if (TryCommitAll())
            {
                return true;
            }

            if (TimeProvider.System.GetElapsedTime(start) >= Patience)
            {
                return false;
            }

            Thread.Sleep(minPause);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        wake.Set();
        await thread;
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

    private bool Committing(Func<bool> attempt)
    {
        lock (committing)
        {
            ThrowIfBroken();
            try
            {
                return attempt();
            }
            catch (Exception e)
            {
                failure = e as PipelineException ?? new PipelineException($"sink.kafka: {e.Message}", e);
                records.Fail(failure);
                throw failure;
            }
        }
    }

    // Where nothing is unfinished there is nothing to wait for.
    private TimeSpan UntilDue()
    {
        var until = records.IsAnyUnfinished || interval < minInterval ? interval : minInterval;
        var left = until - TimeProvider.System.GetElapsedTime(committedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
