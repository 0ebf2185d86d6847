using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Interop;

/// <summary>
/// A scratch file of a fixed size that is read and written past the page cache (O_DIRECT) where the file system can, several
/// requests at a time. It has no name once it is open, so nothing is left of it however the process ends.
/// </summary>
public sealed unsafe partial class DirectFile : IDisposable
{
    /// <summary>Addresses, offsets and lengths are multiples of it.</summary>
    public const int Alignment = 4096;

    private const long Request = 4 << 20;
    private const int RequestsInFlight = 8;
    private const int ReadWrite = 2;
    private const int Direct = 0x4000;
    private const int CloseOnExec = 0x80000;
    private const int UnnamedTemporary = 0x410000;
    private readonly SafeFileHandle handle;
    private readonly string folder;
    private readonly long size;
    private static readonly PeakCounter reserved = new();

    /// <param name="folder">Where the file's blocks are taken from.</param>
    /// <param name="bytes">Its size, all of it reserved.</param>
    /// <exception cref="IOException">The folder's file system has no room for it, or cannot hold it.</exception>
    public DirectFile(string folder, long bytes)
    {
        (this.folder, size) = (folder, bytes);
        Directory.CreateDirectory(folder);
        var descriptor = Open(folder, UnnamedTemporary | ReadWrite | Direct | CloseOnExec, 0x180);
        if (descriptor < 0)
        {
            // tmpfs and some network file systems know no O_DIRECT.
            descriptor = Open(folder, UnnamedTemporary | ReadWrite | CloseOnExec, 0x180);
        }

        if (descriptor < 0)
        {
            throw new IOException($"{folder}: a scratch file could not be opened (errno {Marshal.GetLastPInvokeError()}); name a folder on a local disk");
        }

        handle = new(descriptor, ownsHandle: true);
        if (bytes > 0 && PosixAllocate(descriptor, 0, bytes) is var error and not 0)
        {
            handle.Dispose();
            throw new IOException($"{folder}: {bytes / (double)(1L << 30):0.00} GiB cannot be reserved (errno {error}); free some space or name another folder");
        }

        reserved.Add(bytes);
    }

    /// <summary>The most bytes that were reserved at once in this process.</summary>
    public static long PeakBytes => reserved.Peak;

    /// <summary>Rounds a size up to a multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <exception cref="IOException">The disk did not give all the bytes.</exception>
    public void Read(long offset, IntPtr to, long bytes) => InParallel(bytes, (at, length) =>
    {
        var done = RandomAccess.Read(handle, new Span<byte>((byte*)to + at, length), offset + at);
        return done == length ? true : throw new IOException($"{folder}: {done} of {length} bytes could be read from the scratch file");
    });

    /// <exception cref="IOException">The disk did not take the bytes.</exception>
    public void Write(long offset, IntPtr from, long bytes) => InParallel(bytes, (at, length) =>
    {
        RandomAccess.Write(handle, new ReadOnlySpan<byte>((byte*)from + at, length), offset + at);
        return true;
    });

    public void Dispose()
    {
        handle.Dispose();
        reserved.Add(-size);
    }

    private static void InParallel(long bytes, Func<long, int, bool> request)
    {
        var requests = (int)((bytes + Request - 1) / Request);
        if (requests <= 1)
        {
            _ = bytes > 0 && request(0, (int)bytes);
            return;
        }

        Parallel.For(0, requests, new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight },
            n => request(n * Request, (int)Math.Min(Request, bytes - (n * Request))));
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int PosixAllocate(int descriptor, long offset, long bytes);
}
