using System.Globalization;

namespace FlexGen.Engine.Tests.Support;

/// <summary>The nameless files that a process has open in a folder, as the kernel lists them.</summary>
internal static class ScratchFiles
{
    /// <param name="folder">The folder.</param>
    /// <param name="process">Its id; null: this process.</param>
    public static List<string> In(string folder, int? process = null) =>
        [.. Directory.EnumerateFiles($"/proc/{process?.ToString(CultureInfo.InvariantCulture) ?? "self"}/fd").Where(f => Target(f)?.StartsWith(folder + "/", StringComparison.Ordinal) == true)];

    /// <summary>Takes away what the files hold, so that reading them fails.</summary>
    public static void Empty(string folder, int? process = null)
    {
        foreach (var descriptor in In(folder, process))
        {
            try
            {
                using var file = new FileStream(descriptor, FileMode.Open, FileAccess.Write);
                file.SetLength(0);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // A read of one that is empty already has failed, and the process is closing the rest.
            }
        }
    }

    private static string? Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
