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

    /// <summary>The most requests that are made at once.</summary>
    public const int MostRequests = 8;

    private const double GiB = 1L << 30;
    private const long Request = 4 << 20;
    private const int ReadWrite = 2;
    private const int Direct = 0x4000;
    private const int CloseOnExec = 0x80000;
    private const int UnnamedTemporary = 0x410000;
    private const int CreateNew = 0xC0;
    private const int OwnerOnly = 0x180;
    private const int NotPermitted = 13;
    private const int TooManyOpenFiles = 24;
    private const int ReadOnlyFileSystem = 30;

    // Not the runtime's threads, of which there are as many as cores: others would wait behind requests.
    private static readonly ThreadTeam requesting = new("disk", MostRequests);

    private readonly SafeFileHandle handle;
    private readonly string folder;
    private readonly long size;
    private static readonly PeakCounter reserved = new();

    /// <param name="folder">Where the file's blocks are taken from.</param>
    /// <param name="bytes">Its size, all of it reserved.</param>
    /// <exception cref="ScratchFileException">The folder's file system has no room for it, or cannot hold it.</exception>
    public DirectFile(string folder, long bytes)
    {
        (this.folder, size) = (folder, bytes);
        Make(folder);
        handle = new(OpenUnnamed(folder), ownsHandle: true);
        var descriptor = (int)handle.DangerousGetHandle();
        if (bytes > 0 && PosixAllocate(descriptor, 0, bytes) is var error and not 0)
        {
            handle.Dispose();
            throw new ScratchFileException(
                $"{folder}: {bytes / GiB:0.00} GiB cannot be reserved for a scratch file, {FreeBytes(folder) / GiB:0.00} GiB is free ({Named(error)}); "
                + "free some space or name another folder");
        }

        reserved.Add(bytes);
    }

    /// <summary>Bytes that are reserved now in this process.</summary>
    public static long ReservedBytes => reserved.Now;

    /// <summary>The most bytes that were reserved at once in this process.</summary>
    public static long PeakBytes => reserved.Peak;

    /// <summary>Bytes that are free where a folder is, or would be.</summary>
    /// <exception cref="IOException">Its file system does not say.</exception>
    public static long FreeBytes(string folder) => FileSystem(folder).AvailableFreeSpace;

    /// <summary>The name of the file system where a folder is, or would be, if its files take memory and no disk; otherwise null.</summary>
    public static string? InMemory(string folder) => FileSystem(folder).DriveFormat is ("tmpfs" or "ramfs") and var name ? name : null;

    /// <summary>What is mounted where a folder is, or would be, and as what: <c>/dev/vda (ext4)</c>, say.</summary>
    public static string DeviceOf(string folder)
    {
        // Of each mount: what, where, as what. A later one hides an earlier one at the same place.
        var mounts = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).Where(m => m.Length > 2);
        var path = Path.GetFullPath(folder) + "/";
        var found = mounts.Where(m => path.StartsWith(m[1].TrimEnd('/') + "/", StringComparison.Ordinal)).Reverse().MaxBy(m => m[1].Length);
        return found is null ? FileSystem(folder).DriveFormat : $"{found[0]} ({found[2]})";
    }

    /// <summary>Rounds a size up to a multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <exception cref="IOException">The disk did not give all the bytes.</exception>
    public void Read(long offset, IntPtr to, long bytes) => InParallel(bytes, (at, length) =>
    {
        var done = RandomAccess.Read(handle, new Span<byte>((byte*)to + at, length), offset + at);
        if (done != length)
        {
            throw new IOException($"{folder}: {done} of {length} bytes could be read from the scratch file");
        }
    });

    /// <exception cref="IOException">The disk did not take the bytes.</exception>
    public void Write(long offset, IntPtr from, long bytes) => InParallel(bytes, (at, length) =>
        RandomAccess.Write(handle, new ReadOnlySpan<byte>((byte*)from + at, length), offset + at));

    /// <summary>
    /// Calls the action for 0 to count - 1 on the threads that make requests, and returns when all calls have ended. One of them reads and
    /// writes at most 4 MiB at a time, which it does itself: threads that wait for each other's requests could all be waiting.
    /// </summary>
    public static void InParallel(int count, Action<int> action)
    {
        if (count == 1)
        {
            action(0);
            return;
        }

        requesting.Run(count, action);
    }

    public void Dispose()
    {
        handle.Dispose();
        reserved.Add(-size);
    }

    private static DriveInfo FileSystem(string folder)
    {
        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        return new(existing);
    }

    private static void Make(string folder)
    {
        if (File.Exists(folder))
        {
            throw new ScratchFileException($"{folder}: is a file, and scratch files need a folder; name one");
        }

        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ScratchFileException($"{folder}: the folder for scratch files cannot be made ({exception.Message.TrimEnd('.')}); name "
                + "one that can be written", exception);
        }
    }

    private static int OpenUnnamed(string folder)
    {
        var error = 0;
        // tmpfs and some network file systems know no O_DIRECT, older overlay file systems and NFS no unnamed files.
        foreach (var (named, direct) in new[] { (false, Direct), (false, 0), (true, Direct), (true, 0) })
        {
            var path = named ? Path.Combine(folder, $".{Guid.NewGuid():N}") : folder;
            var descriptor = Open(path, (named ? CreateNew : UnnamedTemporary) | ReadWrite | direct | CloseOnExec, OwnerOnly);
            if (descriptor >= 0)
            {
                if (named)
                {
                    File.Delete(path);
                }

                return descriptor;
            }

            error = Marshal.GetLastPInvokeError();
        }

        throw new ScratchFileException($"{folder}: a scratch file could not be opened ({Named(error)}); " + error switch
        {
            TooManyOpenFiles => "the process has as many files open as it may: raise that limit with ulimit -n",
            NotPermitted or ReadOnlyFileSystem => "name a folder that this user can write",
            _ => "name a folder on a local disk",
        });
    }

    private static string Named(int error) => $"errno {error}, {Marshal.GetPInvokeErrorMessage(error)}";

    private static void InParallel(long bytes, Action<long, int> request) =>
        InParallel((int)((bytes + Request - 1) / Request), n => request(n * Request, (int)Math.Min(Request, bytes - (n * Request))));

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int PosixAllocate(int descriptor, long offset, long bytes);
}
