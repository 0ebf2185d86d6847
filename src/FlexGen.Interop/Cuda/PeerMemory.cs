namespace FlexGen.Interop;

/// <summary>
/// Memory of a GPU that other GPUs copy into. It is the driver's, not libtorch's, whose growing segments other devices do not reach.
/// </summary>
public sealed class PeerMemory : IDisposable
{
    private readonly IntPtr address;

    /// <param name="gpu">The device, which is current on this thread.</param>
    /// <param name="bytes">How many.</param>
    public PeerMemory(int gpu, long bytes)
    {
        Gpu = gpu;
        CudaDriver.Check(CudaDriver.MemoryAllocate(out address, (nuint)bytes), "cuMemAlloc");
    }

    public int Gpu { get; }

    public IntPtr Address => address;

    public void Dispose() => _ = CudaDriver.MemoryFree(address);
}
