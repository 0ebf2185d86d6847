using System.Runtime.InteropServices;

namespace FlexGen.Dataflow.Files;

/// <summary>The steps by which a part file comes to be; tests make them fail one by one.</summary>
internal class FileOperations
{
    public virtual FileStream Create(string path) =>
        new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);

    public virtual void Sync(FileStream file) => file.Flush(flushToDisk: true);

    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: false);

    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes the names in a folder durable, which syncing a file does not.</summary>
    public virtual void SyncFolder(string path)
    {
        const int ReadOnly = 0;
        var descriptor = open(path, ReadOnly);
        var isSynced = descriptor >= 0 && fsync(descriptor) == 0;
        var error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
        {
            _ = close(descriptor);
        }

        if (!isSynced)
        {
            throw new IOException($"cannot sync the folder {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

#pragma warning disable SYSLIB1054, CA2101, IDE1006 // Three calls of the C library do not need unsafe code allowed in the project.
    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054, CA2101, IDE1006
}
