using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Which consumer group has the position of each source file. A group is named after the file, so when the source's path is written in
/// another way it is looked for under every name that the file can have had; what is kept with the position says whether it is the file's.
/// </summary>
/// <param name="files">The source's files.</param>
/// <param name="ask">The rows done and the <see cref="PositionMark"/> that the group of a name has; called from several threads at once.</param>
internal sealed class FileGroups(SourceFiles files, Func<string, (long Rows, long Mark)> ask)
{
    private const int AskedTogether = 16;

    private readonly ConcurrentDictionary<string, (long Rows, long Mark)> kept = [];
    private readonly Dictionary<string, string> names = [];
    private readonly HashSet<string> taken = [];
    private readonly Dictionary<string, (long Rows, uint Pages)> starts = [];
    private readonly Dictionary<string, (long Rows, long Mark)> moved = [];

    /// <summary>
    /// What the groups of some names are to have before anything is written, all at once: the positions of files that were found under other names, and 0 for
    /// names that no file has any more. A file that changes later would be taken for a new one, and one that comes later for another.
    /// </summary>
    public IReadOnlyDictionary<string, (long Rows, long Mark)> Moved => moved;

    /// <summary>The name by which a file's group is called.</summary>
    public string NameOf(string stream) => names[stream];

    /// <summary>The mark to keep with a position; all rows before it were read, by this run or by those before.</summary>
    public long MarkOf(string stream, long position)
    {
        var (rows, pages) = starts.GetValueOrDefault(stream);
        return PositionMark.Of(files[stream].Mark, pages + files[stream].Sum(rows, position));
    }

    /// <summary>The rows that are done of each file.</summary>
    /// <exception cref="PipelineException">A file is not what its rows were read from.</exception>
    public async Task<IReadOnlyDictionary<string, long>> FindAsync(CancellationToken cancellationToken)
    {
        var streams = files.Identities.Keys.ToArray();
        Ask(streams);
        var open = new List<string>();
        foreach (var stream in streams)
        {
            if (!await TakeAsync(stream, stream, arePagesRead: true, cancellationToken))
            {
                open.Add(stream);
            }
        }

        Ask([.. open.SelectMany(files.NamesOf).Distinct().Where(name => !kept.ContainsKey(name))]);
        foreach (var arePagesRead in new[] { false, true })
        {
            foreach (var stream in open.ToArray())
            {
                foreach (var name in files.NamesOf(stream))
                {
                    if (await TakeAsync(stream, name, arePagesRead, cancellationToken))
                    {
                        open.Remove(stream);
                        break;
                    }
                }
            }
        }

        Move();
        foreach (var stream in open)
        {
            if (kept[stream].Rows > 0 && !taken.Contains(stream))
            {
                throw new PipelineException(
                    $"the source file {stream} has changed since its records were written: restore it, or give the pipeline another name to write all again. "
                    + "If it is another file of the same name, name a folder above both in source.parquet.path.");
            }
            // Its own, unless that is another file's from a time when the path was written in another way.
            var free = files.NamesOf(stream).Where(name => name.Length > stream.Length && kept[name].Rows == 0 && !files.Identities.ContainsKey(name));
            names[stream] = taken.Add(stream) ? stream : free.Append(files[stream].Path).First(taken.Add);
        }

        return streams.ToDictionary(stream => stream, stream => kept.GetValueOrDefault(names[stream]).Rows);
    }

    // A position goes to the group of the file's own name, unless that has another's, which stays.
    private void Move()
    {
        var moving = starts.Keys.Where(stream => names[stream] != stream).ToDictionary(stream => stream, stream => names[stream]);
        while (moving.Keys.FirstOrDefault(stream => kept[stream].Rows > 0 && !moving.ContainsValue(stream)) is { } staying)
        {
            moving.Remove(staying);
        }

        foreach (var before in moving.Values)
        {
            taken.Remove(before);
            kept[before] = moved[before] = (0, 0);
        }

        foreach (var stream in moving.Keys)
        {
            var (rows, _) = starts[stream];
            names[stream] = stream;
            taken.Add(stream);
            kept[stream] = moved[stream] = (rows, MarkOf(stream, rows));
        }
    }

    private void Ask(IReadOnlyList<string> asked)
    {
        try
        {
            Parallel.ForEach(asked, new ParallelOptions { MaxDegreeOfParallelism = AskedTogether }, name => kept[name] = ask(name));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private async Task<bool> TakeAsync(string stream, string name, bool arePagesRead, CancellationToken cancellationToken)
    {
        var (rows, mark) = kept[name];
        if (rows == 0 || rows > files[stream].RowCount || taken.Contains(name))
        {
            return false;
        }

        var file = files[stream];
        if (PositionMark.HasState(mark, file.Mark))
        {
            Take(stream, name, rows, PositionMark.Pages(mark));
            return true;
        }

        var isOld = PositionMark.HasIdentity(mark, file.Identity);
        if (!isOld && !arePagesRead)
        {
            return false;
        }

        var done = new IntervalSet();
        done.Add(0, rows);
        await files.HashAsync(stream, done, cancellationToken);
        if (isOld || PositionMark.Pages(mark) == file.Sum(0, rows))
        {
            Take(stream, name, rows, file.Sum(0, rows));
            return true;
        }

        return false;
    }

    private void Take(string stream, string name, long rows, uint pages)
    {
        names[stream] = name;
        taken.Add(name);
        starts[stream] = (rows, pages);
    }
}
