namespace FlexGen.Interop;

/// <summary>A queue of work on the current device. Streams other than <see cref="Current"/> run beside it.</summary>
public sealed class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;

    private static readonly CudaStream usual = new(IntPtr.Zero);

    [ThreadStatic]
    private static CudaStream? instead;

    private readonly IntPtr handle;

    /// <summary>A new stream that does not wait for the compute stream.</summary>
    public CudaStream() => CudaDriver.Check(CudaDriver.StreamCreate(out handle, NonBlocking), "cuStreamCreate");

    private CudaStream(IntPtr handle) => this.handle = handle;

    /// <summary>The stream that this thread computes on, libtorch's operations included.</summary>
    public static CudaStream Current => instead ?? usual;

    internal IntPtr Handle => handle;

    /// <summary>Computes on this stream for a while, after what the compute stream was given before; what it is given afterwards waits.</summary>
    /// <param name="gpu">The device's index.</param>
    /// <param name="work">What is computed, on this thread.</param>
    public void Compute(int gpu, Action work)
    {
        var before = Current;
        Follow(before);
        using (TorchContext.ComputeOn(handle, gpu))
        {
            instead = this;
            try
            {
                work();
            }
            finally
            {
                instead = before == usual ? null : before;
                before.Follow(this);
            }
        }
    }

    /// <summary>What is put into this stream from now on waits for what has been put into the other.</summary>
    private void Follow(CudaStream other)
    {
        using var now = new CudaEvent();
        other.Record(now);
        Wait(now);
    }

    /// <summary>What is put into this stream from now on waits for the event.</summary>
    public void Wait(CudaEvent signal) => CudaDriver.Check(CudaDriver.StreamWaitEvent(handle, signal.Handle, 0), "cuStreamWaitEvent");

    /// <summary>The event happens when what is in this stream now is done.</summary>
    public void Record(CudaEvent signal) => CudaDriver.Check(CudaDriver.EventRecord(signal.Handle, handle), "cuEventRecord");

    /// <summary>Copies from pinned host memory to the device.</summary>
    public void CopyToDevice(IntPtr to, IntPtr from, long bytes) =>
        CudaDriver.Check(CudaDriver.CopyHostToDevice(to, from, (nuint)bytes, handle), "cuMemcpyHtoDAsync");

    /// <summary>Copies from the device to pinned host memory.</summary>
    public void CopyToHost(IntPtr to, IntPtr from, long bytes) =>
        CudaDriver.Check(CudaDriver.CopyDeviceToHost(to, from, (nuint)bytes, handle), "cuMemcpyDtoHAsync");

    /// <summary>Copies from this stream's device to memory that another has for that.</summary>
    /// <param name="to">Where.</param>
    /// <param name="from">What, on the current device.</param>
    /// <param name="bytes">How many.</param>
    public void CopyTo(PeerMemory to, IntPtr from, long bytes)
    {
        var (there, here) = (CudaDriver.Context(to.Gpu), CudaDriver.Context(CudaDriver.Current()));
        CudaDriver.Check(CudaDriver.CopyToPeer(to.Address, there, from, here, (nuint)bytes, handle), "cuMemcpyPeerAsync");
    }

    /// <summary>Copies rows that lie one after another on the device to pinned host memory, where each begins a pitch after the one before.</summary>
    public void CopyRowsToHost(IntPtr to, long pitch, IntPtr from, long rowBytes, long rows)
    {
        const int host = 1, device = 2;
        CudaDriver.Check(
            CudaDriver.Copy2D(
                new()
                {
                    FromKind = device,
                    FromDevice = from,
                    FromPitch = (nuint)rowBytes,
                    ToKind = host,
                    ToHost = to,
                    ToPitch = (nuint)pitch,
                    Width = (nuint)rowBytes,
                    Height = (nuint)rows,
                },
                handle),
            "cuMemcpy2DAsync");
    }

    public void Dispose()
    {
        if (handle != IntPtr.Zero)
        {
            _ = CudaDriver.StreamDestroy(handle);
        }
    }
}
