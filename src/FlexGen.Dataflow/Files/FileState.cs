using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Dataflow.Files;

/// <summary>What the file system says of a file or folder, links followed.</summary>
/// <param name="Device">The file system that it is on.</param>
/// <param name="Inode">Which of that it is: with the device the same for every name of one file.</param>
/// <param name="Mode">Kind and permissions.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Modified">When the content was last written, in ns since 1970; anyone can set it.</param>
/// <param name="Changed">When anything was last written, in ns since 1970, the time above included; no one can set it.</param>
internal readonly record struct FileState(ulong Device, ulong Inode, int Mode, long Size, long Modified, long Changed)
{
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;

    // A network file system asks its server, and does not answer from what it knew a while ago.
    private const int ForceSync = 0x2000;
    private const uint BasicStats = 0x7ff;
    private const int StatxSize = 256;
    private const int KindMask = 0xf000;
    private const int Folder = 0x4000;
    private const int Regular = 0x8000;

    /// <summary>A later write may carry the same time, as clocks of file systems are coarse (FAT's, at worst, by 2 s).</summary>
    private const long Coarseness = 2_000_000_000;

    // ENOENT, ENOTDIR and ELOOP: a link to itself.
    private static readonly int[] nothingThere = [2, 20, 40];

    public (ulong Device, ulong Inode) Key => (Device, Inode);

    public bool IsFolder => (Mode & KindMask) == Folder;

    public bool IsFile => (Mode & KindMask) == Regular;

    /// <exception cref="IOException">Nothing is there, or it cannot be looked at.</exception>
    public static FileState Of(string path) => Find(path) ?? throw new FileNotFoundException($"there is no file or folder {path}");

    /// <summary>Null where nothing is there, or at the end of the link that is.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static FileState? Find(string path) => Read(CurrentFolder, path, ForceSync);

    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static FileState Of(SafeFileHandle file) => Read((int)file.DangerousGetHandle(), "", ForceSync | EmptyPath)!.Value;

    /// <summary>
    /// What stays the same as long as nothing is written; null where it proves nothing yet, for a write at this moment could leave it
    /// the same. A network file system has another device number each time it is mounted, and that is left out.
    /// </summary>
    /// <param name="now">The present, before the content is read.</param>
    public string? Mark(DateTimeOffset now) => (now.ToUnixTimeMilliseconds() * 1_000_000) - Changed < Coarseness
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{Inode} {Size} {Modified} {Changed}");

    private static FileState? Read(int folder, string path, int flags)
    {
        var answer = new byte[StatxSize];
        if (statx(folder, path, flags, BasicStats, answer) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return nothingThere.Contains(error) ? null : throw new IOException($"cannot look at {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        return new FileState(
            (UInt32(136) << 32) | UInt32(140),
            BitConverter.ToUInt64(answer, 32),
            BitConverter.ToUInt16(answer, 28),
            Int64(40),
            Nanoseconds(112),
            Nanoseconds(96));

        ulong UInt32(int at) => BitConverter.ToUInt32(answer, at);
        long Int64(int at) => BitConverter.ToInt64(answer, at);
        long Nanoseconds(int at) => (Int64(at) * 1_000_000_000) + (long)UInt32(at + 8);
    }

#pragma warning disable SYSLIB1054, CA2101, IDE1006 // One call of the C library does not need unsafe code allowed in the project.
    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] answer);
#pragma warning restore SYSLIB1054, CA2101, IDE1006
}
