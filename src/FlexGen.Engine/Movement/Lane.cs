using System.Collections.Concurrent;
using FlexGen.Interop;

namespace FlexGen.Engine.Movement;

/// <summary>One direction of traffic between tiers: a thread, and on a GPU a stream, that makes copies in the order they are asked for.</summary>
internal sealed class Lane : IDisposable
{
    private readonly BlockingCollection<(Transfer Transfer, CudaEvent? After, Action<Copier> Copy)> jobs = [];
    private readonly int? gpu;
    private readonly Trace? trace;
    private readonly bool waitsOnThread;
    private readonly Thread thread;

    /// <param name="name">Its thread's name.</param>
    /// <param name="gpu">The GPU's index; null without one.</param>
    /// <param name="trace">What records its work; null: nothing does.</param>
    /// <param name="waitsOnThread">
    /// Whether its thread, not its stream, waits for the compute device: a copy from the GPU that waits in its stream was seen to get its turn
    /// only when all the copies to the GPU that were asked for had ended.
    /// </param>
    public Lane(string name, int? gpu, Trace? trace, bool waitsOnThread = false)
    {
        (this.gpu, this.trace, this.waitsOnThread) = (gpu, trace, waitsOnThread);
        thread = new(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>An event after what the compute device has been given so far; null without a GPU, where that is done already.</summary>
    public CudaEvent? Mark()
    {
        if (gpu is null)
        {
            return null;
        }

        var now = new CudaEvent(sleeps: waitsOnThread);
        CudaStream.Current.Record(now);
        return now;
    }

    /// <summary>Asks for copies.</summary>
    /// <param name="copy">Makes them, on the lane's thread.</param>
    /// <param name="after">What the compute device must have done before; null: nothing.</param>
    public Transfer Start(Action<Copier> copy, CudaEvent? after = null)
    {
        var transfer = new Transfer(gpu is null ? null : new CudaEvent());
        jobs.Add((transfer, after, copy));
        return transfer;
    }

    public void Dispose()
    {
        jobs.CompleteAdding();
        thread.Join();
        jobs.Dispose();
    }

    private void Run()
    {
        if (gpu is { } index)
        {
            CudaDriver.Use(index);
        }

        using var stream = gpu is null ? null : new CudaStream();
        var copier = new Copier(stream);
        foreach (var (transfer, after, copy) in jobs.GetConsumingEnumerable())
        {
            try
            {
                if (waitsOnThread)
                {
                    after?.Synchronize();
                }
                else if (after is not null)
                {
                    stream!.Wait(after);
                }

                var span = trace?.Begin(thread.Name!, thread.Name!, stream);
                copy(copier);
                if (span is not null)
                {
                    trace!.End(span, stream);
                }

                transfer.Issued(stream);
            }
            catch (Exception exception)
            {
                var cause = exception is AggregateException { InnerException: { } inner } ? inner : exception;
                transfer.Failed(new EngineException(cause is EngineException ? cause.Message : $"{thread.Name} failed: {cause.Message}", cause));
            }
        }
    }
}
