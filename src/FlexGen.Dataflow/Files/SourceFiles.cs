using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Files;

/// <summary>The files of a source by the names of their streams, and whether they are what they were.</summary>
/// <param name="hash">Hashes the pages of some row groups of a stream's file, and adds the hashes to its fingerprint.</param>
internal sealed class SourceFiles(Func<string, IReadOnlyList<int>, FileFingerprint, CancellationToken, Task> hash)
{
    private readonly Dictionary<string, FileFingerprint> files = [];
    private readonly Dictionary<string, string> identities = [];

    /// <summary>Length, rows and footer of each file.</summary>
    public IReadOnlyDictionary<string, string> Identities => identities;

    public FileFingerprint this[string stream] => files[stream];

    public void Add(string stream, FileFingerprint file)
    {
        files.Add(stream, file);
        identities.Add(stream, file.Identity);
    }

    /// <summary>What to keep with rows that were read.</summary>
    public ContentMark MarkOf(string stream, IntervalSet rows) => new(files[stream].Mark, files[stream].Pages(rows));

    /// <summary>Hashes the pages that hold some of <paramref name="rows"/>, where that was not done.</summary>
    /// <exception cref="PipelineException">The file cannot be read.</exception>
    public async Task HashAsync(string stream, IntervalSet rows, CancellationToken cancellationToken)
    {
        var file = files[stream];
        int[] missing = [.. file.Missing(rows)];
        if (missing.Length > 0)
        {
            await hash(stream, missing, file, cancellationToken);
        }
    }

    /// <summary>Whether a file may be what was called <paramref name="recorded"/> when the source's path was written in another way.</summary>
    public bool MayBe(string stream, string recorded) =>
        Below(files[stream].Path, recorded) || Below(recorded, stream);

    /// <summary>Every name that the file may have had then.</summary>
    public IEnumerable<string> NamesOf(string stream)
    {
        var path = files[stream].Path;
        return path.Select((letter, at) => (letter, at)).Where(p => p.letter == '/').Select(p => path[(p.at + 1)..]).Reverse();
    }

    private static bool Below(string path, string end) => $"/{path}".EndsWith($"/{end}", StringComparison.Ordinal);
}
