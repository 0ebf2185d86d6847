using System.Runtime.ExceptionServices;

namespace FlexGen.Interop;

/// <summary>
/// Threads that share the items of jobs, started with the first job and kept for as long as the process lives. A job's last items leave
/// no thread idle while another job waits: threads take items of the oldest job that has any.
/// </summary>
/// <param name="name">The threads' name.</param>
/// <param name="count">How many.</param>
/// <param name="patience">How long one that has nothing to do looks for work before it sleeps, as a caller does for the end of its job.</param>
/// <param name="callerHelps">Whether a caller takes items of its own job, as one more thread; otherwise it waits.</param>
public sealed class ThreadTeam(string name, int count, TimeSpan patience = default, bool callerHelps = false)
{
    private const int SpinsOfATurn = 10;
    private readonly object changed = new();
    private readonly Queue<Job> jobs = new();
    private volatile int waiting;
    private bool isStarted;

    /// <summary>Calls the action for 0 to items - 1, on several threads, and returns when all calls have ended.</summary>
    /// <exception cref="Exception">What the first call that failed threw.</exception>
    public void Run(int items, Action<int> action)
    {
        if (items == 0)
        {
            return;
        }

        if (count == 0 || (callerHelps && items == 1))
        {
            new Job(items, action).Finish(helps: true, patience);
            return;
        }

        var job = new Job(items, action);
        lock (changed)
        {
            Start();
            jobs.Enqueue(job);
            waiting = jobs.Count;
            Monitor.PulseAll(changed);
        }

        job.Finish(callerHelps, patience);
    }

    private void Start()
    {
        for (var n = 0; !isStarted && n < count; n++)
        {
            new Thread(Work) { IsBackground = true, Name = $"{name} {n}" }.Start();
        }

        isStarted = true;
    }

    private void Work()
    {
        while (true)
        {
            Take().Help();
        }
    }

    private Job Take()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            lock (changed)
            {
                if (Oldest() is { } job)
                {
                    return job;
                }

                if (TimeProvider.System.GetElapsedTime(start) >= patience)
                {
                    Monitor.Wait(changed);
                    start = TimeProvider.System.GetTimestamp();
                }
            }

            while (waiting == 0 && TimeProvider.System.GetElapsedTime(start) < patience)
            {
                LookElsewhere();
            }
        }
    }

    private Job? Oldest()
    {
        while (jobs.TryPeek(out var oldest) && oldest.IsTaken)
        {
            jobs.Dequeue();
            waiting = jobs.Count;
        }

        return jobs.TryPeek(out var job) ? job : null;
    }

    /// <summary>Whoever else wants this core has it: libtorch's threads do, which look for work in the same way.</summary>
    private static void LookElsewhere()
    {
        Thread.SpinWait(SpinsOfATurn);
        Thread.Yield();
    }

    private sealed class Job
    {
        private readonly int items;
        private readonly Action<int> action;
        private readonly TaskCompletionSource ended = new();
        private int next;
        private int left;
        private Exception? failure;

        public Job(int items, Action<int> action) => (this.items, this.action, left) = (items, action, items);

        /// <summary>Whether each item has a thread.</summary>
        public bool IsTaken => Volatile.Read(ref next) >= items;

        public void Help()
        {
            for (var item = Interlocked.Increment(ref next) - 1; item < items; item = Interlocked.Increment(ref next) - 1)
            {
                try
                {
                    action(item);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }

                if (Interlocked.Decrement(ref left) == 0)
                {
                    ended.SetResult();
                }
            }
        }

        /// <summary>Returns when all items have ended.</summary>
        public void Finish(bool helps, TimeSpan patience)
        {
            if (helps)
            {
                Help();
            }

            var start = TimeProvider.System.GetTimestamp();
            while (Volatile.Read(ref left) > 0 && TimeProvider.System.GetElapsedTime(start) < patience)
            {
                LookElsewhere();
            }

            ended.Task.Wait();
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }
}
