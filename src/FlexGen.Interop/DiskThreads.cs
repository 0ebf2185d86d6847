using System.Collections.Concurrent;

namespace FlexGen.Interop;

/// <summary>
/// The threads that wait for the disk: as many as requests are in flight. Not the runtime's, of which there are as many as cores:
/// attention in host memory shares its work among those, and would stand behind requests.
/// </summary>
internal static class DiskThreads
{
    private const int RequestsInFlight = 8;
    private static readonly BlockingCollection<Action> waiting = Start();

    /// <summary>Makes some requests, several at a time, and returns when all have ended.</summary>
    /// <exception cref="Exception">What the first request that failed threw.</exception>
    public static void Run(int requests, Action<int> request)
    {
        using var left = new CountdownEvent(requests);
        Exception? failure = null;
        for (var n = 0; n < requests; n++)
        {
            var index = n;
            waiting.Add(() =>
            {
                try
                {
                    request(index);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }
                finally
                {
                    left.Signal();
                }
            });
        }

        left.Wait();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static BlockingCollection<Action> Start()
    {
        var requests = new BlockingCollection<Action>();
        for (var n = 0; n < RequestsInFlight; n++)
        {
            new Thread(() => Work(requests)) { IsBackground = true, Name = $"disk {n}" }.Start();
        }

        return requests;
    }

    private static void Work(BlockingCollection<Action> requests)
    {
        foreach (var request in requests.GetConsumingEnumerable())
        {
            request();
        }
    }
}
