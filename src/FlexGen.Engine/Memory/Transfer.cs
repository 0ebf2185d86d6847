using FlexGen.Engine.Tracing;
using FlexGen.Interop;

namespace FlexGen.Engine.Memory;

/// <summary>A copy under way, and what waits for it.</summary>
/// <param name="done">Happens when the copy is done; null: it is done when it has been issued.</param>
/// <param name="trace">What records waits for it; null: nothing does.</param>
/// <param name="name">What it is called there.</param>
internal sealed class Transfer(CudaEvent? done, Trace? trace = null, string name = "") : IDisposable
{
    private readonly ManualResetEventSlim issued = new();
    private readonly Lock usingEvent = new();
    private CudaEvent? done = done;
    private volatile EngineException? failure;

    /// <summary>Called by the lane when everything is in its stream, or, without a GPU, has been copied.</summary>
    public void Issued(CudaStream? stream)
    {
        WithEvent(e => stream!.Record(e));
        issued.Set();
    }

    /// <summary>Called by the lane when a copy could not be made.</summary>
    public void Failed(EngineException exception)
    {
        failure = exception;
        issued.Set();
    }

    /// <summary>What the compute device does from now on waits for the copy.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitOnCompute()
    {
        WaitIssued();
        WithEvent(e => Waiting(CudaStream.Current, () => CudaStream.Current.Wait(e)));
    }

    /// <summary>Blocks this thread until the bytes are there.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitOnHost()
    {
        WaitIssued();
        WithEvent(e => Waiting(null, e.Synchronize));
    }

    /// <summary>Blocks this thread until the lane has done its part. What it did in host memory is done then.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitIssued()
    {
        if (!issued.IsSet)
        {
            Waiting(null, issued.Wait);
        }

        if (failure is not null)
        {
            throw new EngineException(failure.Message, failure);
        }
    }

    /// <summary>Called when the copy is done, or when no one needs to know any more; whoever waits later goes on at once.</summary>
    public void Dispose()
    {
        lock (usingEvent)
        {
            done?.Dispose();
            done = null;
        }
    }

    private void Waiting(CudaStream? stream, Action wait)
    {
        var span = trace?.BeginWait(name, stream);
        wait();
        if (span is not null)
        {
            trace!.End(span, stream);
        }
    }

    private void WithEvent(Action<CudaEvent> use)
    {
        lock (usingEvent)
        {
            if (done is not null)
            {
                use(done);
            }
        }
    }
}
