using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Files;

/// <summary>
/// Opens files that others may have put where they are: no pipe or device holds the process or floods it, and what is written goes into no
/// file of another place or user.
/// </summary>
internal static class RegularFile
{
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int NoTerminal = 0x100;
    private const int NonBlocking = 0x800;
    private const int NoFollow = 0x20000;
    private const int CloseOnExec = 0x80000;
    private const int AllMayReadAndWrite = 0x1B6;

    private const int NoEntry = 2;
    private const int Interrupted = 4;
    private const int NoDevice = 6;
    private const int NoAccess = 13;
    private const int NoFolder = 20;
    private const int Loop = 40;

    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int StatxSize = 256;
    private const int KindMask = 0xf000;
    private const int Regular = 0x8000;

    /// <summary>Opens a file for reading, at the end of whatever links: caches and mounted volumes are made of them.</summary>
    /// <exception cref="IOException">It is not there, is not a file, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read it.</exception>
    public static SafeFileHandle Open(string path) => Opened(path, ReadOnly, _ => { });

    /// <summary>Opens a file for reading and writing, and makes it where there is none. What is in it stays.</summary>
    /// <exception cref="IOException">It is a link, has a second name, belongs to another user, is not a file, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not write it.</exception>
    public static SafeFileHandle OpenOwn(string path) => Opened(path, ReadWrite | Create | NoFollow, found =>
    {
        if (found.Links > 1)
        {
            throw new IOException($"{path} is a hard link, one of {found.Links} names of a file, and that would be overwritten: remove it");
        }
        // Who owns the folder can put any file there, and a file system may show all as one user's.
        if (found.Owner != geteuid() && found.Owner != Look(CurrentFolder, Path.GetDirectoryName(Path.GetFullPath(path))!, 0).Owner)
        {
            throw new IOException($"{path} belongs to another user ({found.Owner}), and would be overwritten: remove it");
        }
    });

    /// <summary>All bytes of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many it may have.</param>
    /// <inheritdoc cref="Open"/>
    public static byte[] ReadAll(string path, int most)
    {
        using var file = new FileStream(Open(path), FileAccess.Read, bufferSize: 0);
        return ReadAll(file, path, most);
    }

    /// <summary>All bytes of a stream, which need not be a file.</summary>
    /// <exception cref="IOException">It has more than <paramref name="most"/> bytes, or cannot be read.</exception>
    public static byte[] ReadAll(Stream stream, string path, int most)
    {
        // How long a file says it is need not be true: those of /proc say 0.
        using var bytes = new MemoryStream(stream.CanSeek ? (int)Math.Clamp(stream.Length, 0, most) : 0);
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is > 0 and var count)
        {
            if (bytes.Length + count > most)
            {
                throw new IOException($"{path} has more than the {most:N0} bytes that such a file may have");
            }

            bytes.Write(buffer, 0, count);
        }

        return bytes.ToArray();
    }

    /// <summary>Replaces what is in a file, which is made where there is none.</summary>
    /// <inheritdoc cref="OpenOwn"/>
    public static void WriteAll(string path, ReadOnlySpan<byte> content)
    {
        using var file = OpenOwn(path);
        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, content, 0);
    }

    private static SafeFileHandle Opened(string path, int flags, Action<Found> check)
    {
        int descriptor;
        int error;
        do
        {
            // Without waiting for whoever is at the other end of a pipe.
            descriptor = open(path, flags | NonBlocking | CloseOnExec | NoTerminal, AllMayReadAndWrite);
            error = Marshal.GetLastPInvokeError();
        }
        while (descriptor < 0 && error == Interrupted);
        if (descriptor < 0)
        {
            throw Refusal(path, error);
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            var found = Look(descriptor, "", EmptyPath);
            if (found.Kind != Regular)
            {
                throw new IOException($"{path} is {NameOf(found.Kind)}, where a file is expected");
            }

            check(found);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Exception Refusal(string path, int error) => error switch
    {
        NoEntry when Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder) =>
            new DirectoryNotFoundException($"there is no folder {folder}"),
        NoEntry => new FileNotFoundException($"there is no file {path}", path),
        NoFolder => new DirectoryNotFoundException($"there is no file {path}, since what it is in is no folder"),
        NoAccess => new UnauthorizedAccessException($"this process may not open {path}"),
        Loop => new IOException($"{path} is a link, where a file is expected: remove it, or name what it leads to"),
        NoDevice => new IOException($"{path} is a socket or a device, where a file is expected"),
        _ => new IOException($"cannot open {path}: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    private static string NameOf(int kind) => kind switch
    {
        0x1000 => "a named pipe",
        0x4000 => "a folder",
        _ => "a device",
    };

    private static Found Look(int folder, string path, int flags)
    {
        var answer = new byte[StatxSize];
        return statx(folder, path, flags, BasicStats, answer) == 0
            ? new Found(BitConverter.ToUInt16(answer, 28) & KindMask, BitConverter.ToUInt32(answer, 16), BitConverter.ToUInt32(answer, 20))
            : throw new IOException($"cannot look at {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

#pragma warning disable SYSLIB1054, CA2101, IDE1006 // Three calls of the C library do not need unsafe code allowed in the projects.
    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] answer);

    [DllImport("libc")]
    private static extern uint geteuid();
#pragma warning restore SYSLIB1054, CA2101, IDE1006

    private readonly record struct Found(int Kind, uint Links, uint Owner);
}
