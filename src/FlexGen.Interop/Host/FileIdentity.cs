using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Which file a path leads to and when it was last changed: another of either, and its bytes may be others.</summary>
/// <param name="Device">The file system's number.</param>
/// <param name="Inode">The file's number on it.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Modified">When its bytes were last written, in ns since 1970; whoever writes can set it back.</param>
/// <param name="Changed">When its bytes or what is known of it last changed, in ns since 1970; nobody can set it.</param>
public readonly partial record struct FileIdentity(long Device, ulong Inode, ulong Size, long Modified, long Changed)
{
    private const int CurrentDirectory = -100;
    private const uint BasicFields = 0x7FF;

    /// <summary>The identity of the file at a path, at the end of whatever links.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static FileIdentity Of(string path)
    {
        if (Look(CurrentDirectory, path, 0, BasicFields, out var found) != 0)
        {
            throw new IOException($"{path}: cannot be looked at ({Marshal.GetLastPInvokeErrorMessage()})");
        }

        return new(((long)found.DeviceMajor << 32) | found.DeviceMinor, found.Inode, found.Size, found.Modified.Nanoseconds, found.Changed.Nanoseconds);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Look(int folder, string path, int flags, uint fields, out Found found);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Found
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public Time Changed;

        [FieldOffset(112)]
        public Time Modified;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    private readonly struct Time
    {
        private readonly long seconds;
        private readonly uint nanoseconds;

        public long Nanoseconds => (seconds * 1_000_000_000) + nanoseconds;
    }
}
