using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>
/// Host memory of exactly the size asked for, aligned to a page. Pinned, it copies to and from a GPU at full speed, and the GPU's kernels can use it;
/// otherwise its
/// pages are taken as they are first written.
/// </summary>
public sealed unsafe class HostMemory : IDisposable
{
    private const int Page = 4096;
    private const int HugePage = 2 << 20;
    private const uint Portable = 1, Mapped = 2;
    private readonly bool pinned;
    private IntPtr address;
    private static readonly PeakCounter allocated = new();

    /// <param name="bytes">How many; 0 is no memory.</param>
    /// <param name="pinned">Page-locked, for a GPU.</param>
    public HostMemory(long bytes, bool pinned)
    {
        (Bytes, this.pinned) = (bytes, pinned);
        if (bytes == 0)
        {
            return;
        }

        address = (IntPtr)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)(bytes < HugePage ? Page : HugePage));
        if (bytes >= HugePage)
        {
            // Attention jumps from token to token: with small pages it would wait for their tables.
            MemoryAdvice.Give(address, bytes / HugePage * HugePage, MemoryAdvice.HugePages);
        }

        if (pinned)
        {
            Pin();
        }

        allocated.Add(bytes);
    }

    /// <summary>Bytes that are allocated now in this process.</summary>
    public static long AllocatedBytes => allocated.Now;

    /// <summary>The most bytes that were allocated at once in this process.</summary>
    public static long PeakBytes => allocated.Peak;

    public IntPtr Address => address;

    public long Bytes { get; }

    public void Dispose()
    {
        var mine = Interlocked.Exchange(ref address, IntPtr.Zero);
        if (mine == IntPtr.Zero)
        {
            return;
        }

        allocated.Add(-Bytes);
        if (pinned)
        {
            _ = CudaDriver.HostUnregister(mine);
        }

        NativeMemory.AlignedFree((void*)mine);
    }

    private void Pin()
    {
        try
        {
            CudaDriver.Check(CudaDriver.HostRegister(address, (nuint)Bytes, Portable | Mapped), "cuMemHostRegister");
        }
        catch
        {
            NativeMemory.AlignedFree((void*)address);
            throw;
        }
    }
}
