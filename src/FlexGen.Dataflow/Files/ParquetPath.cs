namespace FlexGen.Dataflow.Files;

/// <summary>Which files a Parquet source's path names.</summary>
/// <param name="Root">The folder that streams are named relative to.</param>
/// <param name="Named">The root as far as the path names it: what is above the base directory, where it is relative to that, is not meant.</param>
/// <param name="Walk">How they were found.</param>
internal sealed record ParquetPath(string Root, string Named, FolderWalk Walk)
{
    /// <summary>Paths relative to the root, sorted.</summary>
    public IReadOnlyList<string> Files => Walk.Files;

    /// <exception cref="PipelineException">Nothing is there, or it cannot be looked at.</exception>
    public static ParquetPath Resolve(string path, string baseDirectory, CancellationToken cancellationToken)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, baseDirectory));
        if (File.Exists(full))
        {
            return Find(path, baseDirectory, Path.GetDirectoryName(full)!, [Glob.OfName(Path.GetFileName(full))], cancellationToken);
        }

        if (Directory.Exists(full))
        {
            return Find(path, baseDirectory, full, [Glob.Dataset], cancellationToken);
        }

        if (new FileInfo(full).LinkTarget is { } target)
        {
            throw new PipelineException($"source.parquet.path: {full} is a link to {target}, where nothing is.");
        }

        var root = RootOf(full);
        if (!Glob.IsPattern(full[root.Length..]))
        {
            throw new PipelineException($"source.parquet.path: there is no file or folder {full}.");
        }

        var found = Find(path, baseDirectory, root, Glob.Parse(full[root.Length..].TrimStart('/')), cancellationToken);
        return found.Files.Count > 0 ? found : throw new PipelineException($"source.parquet.path: no file matches {full}.");
    }

    private static ParquetPath Find(string path, string baseDirectory, string root, IReadOnlyList<Glob> globs, CancellationToken cancellationToken) =>
        new(root, Path.IsPathRooted(path) ? root : Path.GetRelativePath(baseDirectory, root), FolderWalk.Run(root, globs, cancellationToken));

    // A folder that is there by that name is no pattern, and one without wildcards is named, be it there or not.
    private static string RootOf(string path)
    {
        var end = path.IndexOf('/', 1);
        var root = 1;
        while (end > 0 && Directory.Exists(path[..end]))
        {
            root = end;
            end = path.IndexOf('/', end + 1);
        }

        return path[..root];
    }
}
