using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Interop;

/// <summary>A folder that no other process holds until this is disposed of. The lock is the kernel's, on the folder itself: it goes with the process.</summary>
public sealed partial class HeldFolder : IDisposable
{
    private const int ReadOnlyFolder = 0x10000;
    private const int CloseOnExec = 0x80000;
    private const int ExclusiveWithoutWaiting = 2 | 4;
    private const int WouldBlock = 11;

    private readonly SafeFileHandle folder;
    private readonly string path;

    private HeldFolder(string path, SafeFileHandle folder) => (this.path, this.folder) = (path, folder);

    /// <summary>Holds a folder; null: another process does.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static HeldFolder? Take(string path)
    {
        var folder = new SafeFileHandle(Open(path, ReadOnlyFolder | CloseOnExec), ownsHandle: true);
        if (folder.IsInvalid)
        {
            throw new IOException($"{path}: cannot be opened ({Marshal.GetLastPInvokeErrorMessage()})");
        }
        // Some network file systems know no locks.
        if (Lock(folder, ExclusiveWithoutWaiting) != 0 && Marshal.GetLastPInvokeError() == WouldBlock)
        {
            folder.Dispose();
            return null;
        }

        return new(path, folder);
    }

    /// <summary>Makes the names in it durable, which syncing a file does not.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    public void Sync()
    {
        if (Sync(folder) != 0)
        {
            throw new IOException($"{path}: its names could not be made durable ({Marshal.GetLastPInvokeErrorMessage()})");
        }
    }

    public void Dispose() => folder.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle folder, int operation);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle folder);
}
