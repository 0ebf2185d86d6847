using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>
/// Host memory of exactly the size asked for, aligned to a page. Pinned, it copies to and from a GPU at full speed; otherwise its
/// pages are taken as they are first written.
/// </summary>
public sealed unsafe class HostMemory : IDisposable
{
    private const int Page = 4096;
    private const uint Portable = 1;
    private readonly bool pinned;
    private readonly IntPtr address;
    private static readonly PeakCounter allocated = new();

    /// <param name="bytes">How many; 0 is no memory.</param>
    /// <param name="pinned">Page-locked, for a GPU.</param>
    public HostMemory(long bytes, bool pinned)
    {
        (Bytes, this.pinned) = (bytes, pinned);
        if (pinned && bytes > 0)
        {
            CudaDriver.Check(CudaDriver.HostAlloc(out address, (nuint)bytes, Portable), "cuMemHostAlloc");
        }
        else if (bytes > 0)
        {
            address = (IntPtr)NativeMemory.AlignedAlloc((nuint)bytes, Page);
        }

        allocated.Add(bytes);
    }

    /// <summary>The most bytes that were allocated at once in this process.</summary>
    public static long PeakBytes => allocated.Peak;

    public IntPtr Address => address;

    public long Bytes { get; }

    public void Dispose()
    {
        allocated.Add(-Bytes);
        if (pinned && Bytes > 0)
        {
            _ = CudaDriver.HostFree(address);
        }
        else
        {
            NativeMemory.AlignedFree((void*)address);
        }
    }
}
