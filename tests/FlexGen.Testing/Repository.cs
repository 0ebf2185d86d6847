namespace FlexGen.Testing;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root; the current directory for tests that were copied elsewhere.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlexGen.Dataflow.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? Environment.CurrentDirectory;
    }
}
