using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>What the system is told of how memory is used. Only advice: it may be refused.</summary>
internal static partial class MemoryAdvice
{
    public const int HugePages = 14;

    /// <summary>Gives it for some pages.</summary>
    /// <param name="address">The first byte, a multiple of the page size.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="advice">One of the constants.</param>
    public static void Give(IntPtr address, long bytes, int advice) => _ = Advise(address, (nuint)bytes, advice);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(IntPtr address, nuint bytes, int advice);
}
