namespace FlexGen.Interop;

/// <summary>A point in a stream's work that other streams, and the host, can wait for.</summary>
public sealed class CudaEvent : IDisposable
{
    private readonly IntPtr handle;

    public CudaEvent() => CudaDriver.Check(CudaDriver.EventCreate(out handle, 0), "cuEventCreate");

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
