using System.Globalization;

namespace FlexGen.Engine.Tests.Support;

/// <summary>The memory of this process.</summary>
internal static class ProcessMemory
{
    /// <summary>The most bytes it has had since "5" was written to /proc/self/clear_refs.</summary>
    public static long Peak() => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").Single(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
