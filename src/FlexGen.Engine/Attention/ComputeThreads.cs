using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace FlexGen.Engine.Attention;

/// <summary>
/// The threads that compute in host memory. Not the runtime's, which come one after another and late when there is suddenly work for all
/// of them. A job's last items leave no thread idle while another job waits: threads take items of the oldest job that has any.
/// </summary>
internal static class ComputeThreads
{
    /// <summary>With many cores some are left to the threads that issue and copy: one that is kept waiting holds up all the others.</summary>
    private static readonly int count = Environment.ProcessorCount - (Environment.ProcessorCount / 8);

    /// <summary>To wake a thread takes as long as a small job does. Without a GPU libtorch's own threads need the cores between jobs.</summary>
    private static readonly TimeSpan patience = cuda.is_available() ? TimeSpan.FromMicroseconds(200) : TimeSpan.Zero;

    private static readonly object changed = new();
    private static readonly Queue<Job> jobs = Start();
    private static volatile int waiting;

    /// <summary>Calls the action for 0 to items - 1, on several threads, and returns when all calls have ended.</summary>
    /// <exception cref="Exception">What the first call that failed threw.</exception>
    public static void Run(int items, Action<int> action)
    {
        if (items == 0)
        {
            return;
        }

        var job = new Job(items, action);
        lock (changed)
        {
            jobs.Enqueue(job);
            waiting = jobs.Count;
            Monitor.PulseAll(changed);
        }

        job.Wait();
    }

    private static Queue<Job> Start()
    {
        for (var n = 0; n < count; n++)
        {
            new Thread(Work) { IsBackground = true, Name = $"compute {n}" }.Start();
        }

        return new();
    }

    private static void Work()
    {
        while (true)
        {
            Take().Help();
        }
    }

    private static Job Take()
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
                Thread.SpinWait(20);
            }
        }
    }

    private static Job? Oldest()
    {
        while (jobs.TryPeek(out var oldest) && oldest.IsTaken)
        {
            jobs.Dequeue();
            waiting = jobs.Count;
        }

        return jobs.TryPeek(out var job) ? job : null;
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

        public void Wait()
        {
            ended.Task.Wait();
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }
}
