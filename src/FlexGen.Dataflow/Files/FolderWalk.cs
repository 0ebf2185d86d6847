namespace FlexGen.Dataflow.Files;

/// <summary>
/// Finds the files of patterns below a folder. A file counts once, by device and inode, and a folder is entered once, whatever links lead
/// to it: under its own name where it has one below the root, else under the first link's.
/// </summary>
internal sealed class FolderWalk
{
    private readonly string root;
    private readonly IReadOnlyList<Glob> globs;
    private readonly CancellationToken cancellationToken;
    private readonly Dictionary<(ulong, ulong), HashSet<Place>> entered = [];
    private readonly HashSet<(ulong, ulong)> found = [];
    private readonly HashSet<(ulong, ulong)> foldersOfFiles = [];
    private readonly List<string> files = [];
    private readonly Queue<(string Name, IReadOnlyList<Place> Places)> links = [];

    private FolderWalk(string root, IReadOnlyList<Glob> globs, CancellationToken cancellationToken)
    {
        this.root = root;
        // A folder that is named where a file is meant is read as a dataset.
        this.globs = [.. globs, Glob.Dataset];
        this.cancellationToken = cancellationToken;
    }

    /// <summary>Paths relative to the root, sorted.</summary>
    public IReadOnlyList<string> Files => files;

    /// <exception cref="PipelineException">A folder cannot be read, or a link that is meant leads nowhere.</exception>
    public static FolderWalk Run(string root, IReadOnlyList<Glob> globs, CancellationToken cancellationToken)
    {
        var walk = new FolderWalk(root, globs, cancellationToken);
        walk.Enter("", FileState.Of(root), [.. Enumerable.Range(0, globs.Count).SelectMany(glob => Places(glob, globs[glob].From(0)))]);
        while (walk.links.TryDequeue(out var link))
        {
            walk.Take(link.Name, link.Places, isLink: true);
        }

        walk.files.Sort(StringComparer.Ordinal);
        return walk;
    }

    /// <summary>Whether a file of this name in a folder, which need not be there, belongs to the patterns or lies beside one that does.</summary>
    public bool Reaches(string folder, string file)
    {
        var below = new Stack<string>();
        for (var above = folder; above is not null; above = Path.GetDirectoryName(above))
        {
            if (FileState.Find(above) is { } state)
            {
                if (below.Count == 0 && foldersOfFiles.Contains(state.Key))
                {
                    return true;
                }

                if (entered.TryGetValue(state.Key, out var places))
                {
                    IEnumerable<Place> at = places;
                    foreach (var name in below)
                    {
                        at = [.. at.SelectMany(place => Places(place.Glob, globs[place.Glob].Below(place.At, name, isHiddenTaken: true)))];
                    }

                    return at.Any(place => globs[place.Glob].IsFile(place.At, file, isHiddenTaken: true));
                }
            }

            below.Push(Path.GetFileName(above));
        }

        return false;
    }

    private static IEnumerable<Place> Places(int glob, IEnumerable<int> at) => at.Select(place => new Place(glob, place));

    private void Enter(string folder, FileState state, IReadOnlyList<Place> places)
    {
        if (!entered.TryGetValue(state.Key, out var seen))
        {
            entered.Add(state.Key, seen = []);
        }

        Place[] unseen = [.. places.Where(seen.Add)];
        if (unseen.Length == 0)
        {
            return;
        }

        foreach (var entry in Entries(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
            if (entry.LinkTarget is not null)
            {
                links.Enqueue((name, unseen));
            }
            else
            {
                Take(name, unseen, isLink: false);
            }
        }
    }

    private void Take(string name, IReadOnlyList<Place> places, bool isLink)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var last = Path.GetFileName(name);
        var path = Path.Combine(root, name);
        var isMeant = places.Any(place => globs[place.Glob].IsFile(place.At, last));
        Place[] below = [.. places.SelectMany(place => Places(place.Glob, globs[place.Glob].Below(place.At, last)))];
        if (!isMeant && below.Length == 0)
        {
            return;
        }

        if (FileState.Find(path) is not { } state)
        {
            if (isMeant && isLink)
            {
                throw new PipelineException(
                    $"{path} is a link to {new FileInfo(path).LinkTarget}, where nothing is: mend or remove the link, or name the files without it.");
            }

            return;
        }

        if (state.Inode == 0)
        {
            throw new PipelineException(
                $"the file system of {path} has no inode numbers, by which one file is told from another: copy the files to one that has.");
        }

        if (state.IsFolder)
        {
            var isDataset = isMeant && Glob.IsDatasetName(last);
            Enter(name, state, isDataset ? [.. below, .. Places(globs.Count - 1, Glob.Dataset.From(0))] : below);
        }
        else if (isMeant && !state.IsFile)
        {
            throw new PipelineException($"{path} is neither a file nor a folder: remove it, or name the files without it.");
        }
        else if (isMeant && found.Add(state.Key))
        {
            files.Add(name);
            foldersOfFiles.Add(FileState.Of(Path.GetDirectoryName(path)!).Key);
        }
    }

    private IReadOnlyList<FileSystemInfo> Entries(string folder)
    {
        var path = Path.Combine(root, folder);
        try
        {
            return [.. new DirectoryInfo(path).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new PipelineException($"cannot read the folder {path}: {e.Message}", e);
        }
    }

    private readonly record struct Place(int Glob, int At);
}
