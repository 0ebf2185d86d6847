using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>Instructions that were put together at run time, for as long as the process lives.</summary>
public static unsafe partial class MachineCode
{
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    /// <summary>Makes instructions callable.</summary>
    /// <returns>Where they begin, or 0 where the system lets no one make code.</returns>
    public static IntPtr Load(ReadOnlySpan<byte> instructions)
    {
        var (length, failed) = ((nuint)instructions.Length, (IntPtr)(-1));
        var address = Map(0, length, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == failed)
        {
            return 0;
        }

        instructions.CopyTo(new((void*)address, instructions.Length));
        if (Protect(address, length, ReadExecute) == 0)
        {
            return address;
        }

        _ = Unmap(address, length);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial IntPtr Map(IntPtr address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(IntPtr address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(IntPtr address, nuint length);
}
