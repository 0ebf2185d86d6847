namespace FlexGen.Testing.Soak;

/// <summary>The workers of a soak. One that ends unasked is counted as a failure and replaced.</summary>
internal sealed class WorkerPool(string folder, string pipelineFile, Action<string> log) : IDisposable
{
    private const int TerminatedBySignal = 128 + 15;
    private static readonly TimeSpan drainTime = TimeSpan.FromMinutes(2);
    private readonly Lock change = new();
    private readonly List<FlexGenProcess> workers = [];
    private int failures;

    public int Failures => failures;

    public int Count
    {
        get
        {
            lock (change)
            {
                return workers.Count;
            }
        }
    }

    public void Start()
    {
        var worker = FlexGenProcess.Start(folder, ["run", pipelineFile]);
        lock (change)
        {
            workers.Add(worker);
        }

        _ = WatchAsync(worker);
    }

    public void Kill(double pick)
    {
        if (Take(pick) is { } worker)
        {
            log($"SIGKILL worker {worker.Id}");
            worker.Kill();
        }
    }

    /// <summary>Returns once it has drained.</summary>
    public async Task TerminateAsync(double pick)
    {
        if (Take(pick) is { } worker)
        {
            log($"SIGTERM worker {worker.Id}");
            await DrainAsync(worker);
        }
    }

    public Task TerminateAllAsync()
    {
        var draining = new List<Task>();
        while (Take(0) is { } worker)
        {
            draining.Add(DrainAsync(worker));
        }

        return Task.WhenAll(draining);
    }

    /// <summary>Returns once it runs again.</summary>
    public async Task SuspendAsync(double pick, TimeSpan length)
    {
        if (Choose(pick) is { } worker)
        {
            log($"SIGSTOP worker {worker.Id} for {length.TotalSeconds:F1} s");
            worker.Suspend();
            await Task.Delay(length);
            worker.Resume();
            log($"SIGCONT worker {worker.Id}");
        }
    }

    public void Dispose()
    {
        while (Take(0) is { } worker)
        {
            worker.Dispose();
        }
    }

    private async Task WatchAsync(FlexGenProcess worker)
    {
        var result = await worker.WaitAsync(Timeout.InfiniteTimeSpan);
        if (Remove(worker))
        {
            Fail(worker, result);
            Start();
        }
    }

    private async Task DrainAsync(FlexGenProcess worker)
    {
        worker.Terminate();
        try
        {
            var result = await worker.WaitAsync(drainTime);
            // Before the program's first statement the runtime takes no signals: such a worker has not begun, and said nothing.
            if (result.ExitCode != 0 && !(result.ExitCode == TerminatedBySignal && result.Error.Length == 0))
            {
                Fail(worker, result);
            }
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref failures);
            log($"FAILURE: worker {worker.Id} still runs {drainTime.TotalSeconds} s after SIGTERM");
            worker.Kill();
        }
    }

    private void Fail(FlexGenProcess worker, ProcessResult result)
    {
        Interlocked.Increment(ref failures);
        log($"FAILURE: worker {worker.Id} ended with {result.ExitCode}:\n{string.Join('\n', result.Error.Split('\n').TakeLast(30))}");
    }

    private FlexGenProcess? Take(double pick)
    {
        lock (change)
        {
            var worker = Choose(pick);
            return worker is not null && workers.Remove(worker) ? worker : null;
        }
    }

    // A suspended worker gets no second fault; the last that is left is taken anyway, at the end.
    private FlexGenProcess? Choose(double pick)
    {
        lock (change)
        {
            var awake = workers.Where(w => !w.IsSuspended).ToList();
            return awake.Count > 0 ? awake[(int)(pick * awake.Count)] : workers.FirstOrDefault();
        }
    }

    private bool Remove(FlexGenProcess worker)
    {
        lock (change)
        {
            return workers.Remove(worker);
        }
    }
}
