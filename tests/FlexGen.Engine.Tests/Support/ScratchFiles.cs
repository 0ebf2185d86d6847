namespace FlexGen.Engine.Tests.Support;

/// <summary>The nameless files that this process has open in a folder, as the kernel lists them.</summary>
internal static class ScratchFiles
{
    private const string Descriptors = "/proc/self/fd";

    public static List<string> In(string folder) =>
        [.. Directory.EnumerateFiles(Descriptors).Where(f => Target(f)?.StartsWith(folder + "/", StringComparison.Ordinal) == true)];

    /// <summary>Takes away what the files hold, so that reading them fails.</summary>
    public static void Empty(string folder)
    {
        foreach (var descriptor in In(folder))
        {
            using var file = new FileStream(descriptor, FileMode.Open, FileAccess.Write);
            file.SetLength(0);
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
