using System.Runtime.InteropServices;

namespace FlexGen.Interop;

/// <summary>How many files this process may have open.</summary>
public static partial class OpenFiles
{
    private const int OpenFilesLimit = 7;

    /// <summary>The limit in force, which the runtime has raised as far as it may be; the most that there is where the system does not say.</summary>
    public static ulong Limit => GetLimit(OpenFilesLimit, out var limit) == 0 ? limit.Now : ulong.MaxValue;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limit);

    private readonly record struct Limits(ulong Now, ulong Most);
}
