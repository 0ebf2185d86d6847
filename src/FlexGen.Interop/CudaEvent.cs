namespace FlexGen.Interop;

/// <summary>A point in a stream's work that other streams, and the host, can wait for.</summary>
public sealed class CudaEvent : IDisposable
{
    private readonly IntPtr handle;

    /// <param name="sleeps">Whether a thread that waits for it sleeps; otherwise it looks all the time, and goes on a little sooner.</param>
    public CudaEvent(bool sleeps = false)
    {
        const uint blockingSync = 1;
        CudaDriver.Check(CudaDriver.EventCreate(out handle, sleeps ? blockingSync : 0), "cuEventCreate");
    }

    internal IntPtr Handle => handle;

    /// <summary>Blocks this thread until the event has happened.</summary>
    /// <exception cref="InvalidOperationException">Work before the event failed on the device.</exception>
    public void Synchronize() => CudaDriver.Check(CudaDriver.EventSynchronize(handle), "cuEventSynchronize");

    /// <summary>Milliseconds from another event to this one; both have happened.</summary>
    public double MillisecondsSince(CudaEvent start)
    {
        CudaDriver.Check(CudaDriver.EventElapsedTime(out var milliseconds, start.handle, handle), "cuEventElapsedTime");
        return milliseconds;
    }

    public void Dispose() => _ = CudaDriver.EventDestroy(handle);
}
