namespace FlexGen.Interop;

/// <summary>A point in a stream's work that other streams, and the host, can wait for.</summary>
public sealed class CudaEvent : IDisposable
{
    private readonly IntPtr handle;

    /// <param name="sleeps">Whether a thread that waits for it sleeps; otherwise it looks all the time, and goes on a little sooner.</param>
    /// <param name="timed">Whether <see cref="MillisecondsSince"/> is asked of it, which makes it dearer to wait for.</param>
    public CudaEvent(bool sleeps = false, bool timed = false)
    {
        const uint blockingSync = 1, disableTiming = 2;
        CudaDriver.Check(CudaDriver.EventCreate(out handle, (sleeps ? blockingSync : 0) | (timed ? 0 : disableTiming)), "cuEventCreate");
    }

    internal IntPtr Handle => handle;

    /// <summary>Blocks this thread until the event has happened.</summary>
    /// <exception cref="InvalidOperationException">Work before the event failed on the device.</exception>
    public void Synchronize() => CudaDriver.Check(CudaDriver.EventSynchronize(handle), "cuEventSynchronize");

    /// <summary>Milliseconds from another event to this one; both are timed and have happened.</summary>
    public double MillisecondsSince(CudaEvent start)
    {
        CudaDriver.Check(CudaDriver.EventElapsedTime(out var milliseconds, start.handle, handle), "cuEventElapsedTime");
        return milliseconds;
    }

    public void Dispose() => _ = CudaDriver.EventDestroy(handle);
}
