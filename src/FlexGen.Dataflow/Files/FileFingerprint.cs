using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Files;

/// <summary>What tells a file's content from another's: its footer, what the file system says of it, and a hash of each row group's pages.</summary>
/// <param name="path">The file.</param>
/// <param name="identity">Length, rows and a hash of the footer.</param>
/// <param name="state">What the file system says of it.</param>
/// <param name="mark">The same as text; null where it proves nothing.</param>
/// <param name="ends">The row after each row group.</param>
internal sealed class FileFingerprint(string path, string identity, FileState state, string? mark, IReadOnlyList<long> ends)
{
    private readonly UInt128?[] pages = new UInt128?[ends.Count];

    public string Path => path;

    public string Identity => identity;

    public FileState State { get; private set; } = state;

    public string? Mark { get; private set; } = mark;

    /// <summary>The row groups whose pages were hashed.</summary>
    public IEnumerable<(int Index, UInt128 Hash)> Known =>
        Enumerable.Range(0, pages.Length).Where(group => pages[group] is not null).Select(group => (group, pages[group]!.Value));

    public long RowCount => ends.Count == 0 ? 0 : ends[^1];

    /// <summary>The row groups that hold some of <paramref name="rows"/> and whose pages were not hashed yet.</summary>
    public IEnumerable<int> Missing(IntervalSet rows) => Groups(rows).Where(group => pages[group] is null);

    /// <summary>Takes the hash of a row group's pages.</summary>
    public void Add(int group, UInt128 hash) => pages[group] = hash;

    /// <summary>Something other than the content has changed.</summary>
    public void Touched(FileState now) => (State, Mark) = (now, null);

    /// <summary>A hash of the pages that hold some of <paramref name="rows"/>; none of them is <see cref="Missing"/>.</summary>
    public string Pages(IntervalSet rows)
    {
        var hash = new XxHash128();
        foreach (var group in Groups(rows))
        {
            var ofGroup = pages[group]!.Value;
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in ofGroup)));
        }

        return hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// A number for the pages of the row groups that begin in [from, to). That of the rows before can be added: what was read by another run
    /// need not be read again.
    /// </summary>
    public uint Sum(long from, long to)
    {
        var sum = from == 0 ? (uint)XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(identity)) : 0;
        long start = 0;
        for (var group = 0; group < ends.Count && start < to; start = ends[group++])
        {
            if (start >= from && start < ends[group])
            {
                var ofGroup = pages[group]!.Value;
                sum += (uint)XxHash64.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in ofGroup)), group);
            }
        }

        return sum;
    }

    private IEnumerable<int> Groups(IntervalSet rows) =>
        Enumerable.Range(0, ends.Count).Where(group => rows.Overlaps(group == 0 ? 0 : ends[group - 1], ends[group]));
}
