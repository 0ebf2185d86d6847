namespace FlexGen.Structure.Tests;

/// <summary>The source files of a project, from its folder.</summary>
internal static class SourceFiles
{
    public static IEnumerable<string> Of(string project)
    {
        var folder = Path.Combine(Repository.Root, project);
        return Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules")).Order(StringComparer.Ordinal);
    }

    public static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : FolderMap.Root;
}
