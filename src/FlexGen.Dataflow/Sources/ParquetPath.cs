using Microsoft.Extensions.FileSystemGlobbing;

namespace FlexGen.Dataflow.Sources;

/// <summary>Which files a Parquet source's path names.</summary>
/// <param name="Root">The folder that streams are named relative to.</param>
/// <param name="Files">Paths relative to the root, sorted.</param>
/// <param name="IsRecursive">Files in any folder below the root are meant too.</param>
internal sealed record ParquetPath(string Root, IReadOnlyList<string> Files, bool IsRecursive)
{
    /// <exception cref="PipelineException">Nothing is there.</exception>
    public static ParquetPath Resolve(string path, string baseDirectory)
    {
        var full = Path.GetFullPath(path, baseDirectory);
        if (File.Exists(full))
        {
            return new ParquetPath(Path.GetDirectoryName(full)!, [Path.GetFileName(full)], IsRecursive: false);
        }
        if (Directory.Exists(full))
        {
            return new ParquetPath(full, Match(full, "**/*.parquet"), IsRecursive: true);
        }
        int wildcard = full.IndexOf('*', StringComparison.Ordinal);
        if (wildcard < 0)
        {
            throw new PipelineException($"source.parquet.path: there is no file or folder {full}.");
        }
        var root = full[..full.LastIndexOf('/', wildcard)];
        var files = Directory.Exists(root) ? Match(root, full[(root.Length + 1)..]) : [];
        return files.Count > 0
            ? new ParquetPath(root, files, full.Contains("**", StringComparison.Ordinal))
            : throw new PipelineException($"source.parquet.path: no file matches {full}.");
    }

    private static IReadOnlyList<string> Match(string root, string pattern)
    {
        var matcher = new Matcher(StringComparison.Ordinal).AddInclude(pattern);
        var files = matcher.GetResultsInFullPath(root).Select(file => Path.GetRelativePath(root, file)).Where(file => !IsHidden(file));
        return [.. files.Order(StringComparer.Ordinal)];
    }

    // Writers keep what is not data, such as _SUCCESS and half-written files, under such names.
    private static bool IsHidden(string file) => file.Split('/').Any(part => part[0] is '.' or '_');
}
