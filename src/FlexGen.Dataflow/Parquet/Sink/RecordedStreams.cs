using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>
/// Finds the source's files that part files were written from. A file is known by its content, so that it is the same however the source's
/// path is written and wherever the file has been moved; its name decides between files of equal content.
/// </summary>
/// <param name="source">The source as it is now.</param>
/// <param name="log">Where to report.</param>
internal sealed class RecordedStreams(ISource source, ILogger log)
{
    private readonly Dictionary<(string Name, string Identity), string> names = [];
    private readonly Dictionary<string, IntervalSet> rows = [];
    private readonly List<StreamMove> moves = [];

    /// <summary>
    /// What was found under other names than part files know. To be kept with them before anything is written: a file that changes later would be taken for
    /// a new one.
    /// </summary>
    public IReadOnlyList<StreamMove> Moves => moves;

    /// <summary>Learns what part files say.</summary>
    /// <exception cref="PipelineException">They were made from what a source file no longer holds.</exception>
    public async Task FindAsync(IEnumerable<PartFolder> folders, CancellationToken cancellationToken)
    {
        if (source.Files is null)
        {
            // Of topics there is nothing to find: PartTopics says whether they are the same.
            return;
        }

        var parts = folders.SelectMany(folder => folder.Parts).ToArray();
        var moved = new Dictionary<(string, string), StreamMove>();
        foreach (var move in parts.SelectMany(part => part.Metadata.Moves ?? []))
        {
            moved[(move.Name, move.Identity)] = move;
        }

        var unknown = parts
            .SelectMany(part => part.Metadata.Sources.Select(stream => (part.Path, part.Metadata, Name: stream.Key, Identity: stream.Value)))
            .GroupBy(stream => (stream.Name, stream.Identity))
            .Select(same => new RecordedStream(
                same.Key.Name,
                same.Key.Identity,
                [.. same.Select(s => (s.Path, s.Metadata.Of(s.Name), s.Metadata.Content?.GetValueOrDefault(s.Name)))],
                moved.GetValueOrDefault(same.Key)))
            .ToList();
        var byIdentity = source.Identities.ToLookup(stream => stream.Value, stream => stream.Key);
        var files = source.Files;
        // From what is certain to what is likely: the file has its name, is itself under another, may have had that name, or is the only one.
        Func<RecordedStream, string, bool>[] ranks =
        [
            (stream, now) => now == stream.Now,
            (stream, now) => files is not null && stream.Knows(files[now].Mark),
            (stream, now) => files?.MayBe(now, stream.Now) == true || files?.MayBe(now, stream.Name) == true,
            (stream, now) => files is not null && !names.ContainsValue(now),
        ];
        foreach (var rank in ranks)
        {
            foreach (var stream in unknown.ToArray())
            {
                foreach (var now in byIdentity[stream.Identity].Where(now => rank(stream, now) && !stream.Overlaps(RowsOf(now))))
                {
                    if (await IsMadeFromAsync(stream, now, cancellationToken))
                    {
                        unknown.Remove(stream);
                        Take(stream, now);
                        break;
                    }
                }
            }
        }
        // Where another has the name the file itself may be gone; of the same identity it would be the file.
        var there = unknown.Where(stream => source.Identities.ContainsKey(stream.Now));
        if (there.FirstOrDefault(stream => !names.Any(name => name.Value == stream.Now && name.Key.Identity != stream.Identity)) is { } changed)
        {
            throw Changed(changed);
        }
    }

    /// <summary>The positions in part files by the names that the streams have now.</summary>
    /// <exception cref="PipelineException">Two of them hold the same.</exception>
    public Coverage Covered(PartFolder folder)
    {
        var covered = new Coverage();
        foreach (var (path, part) in folder.Parts)
        {
            foreach (var (name, identity) in part.Sources)
            {
                // What is no longer among the source's files gets a name that none of them can have.
                var now = names.GetValueOrDefault((name, identity)) ?? (source.Files is null ? name : $"{name}/ {identity}");
                if (!covered[now].AddAll(part.Of(name)))
                {
                    throw new PipelineException(
                        $"{path} repeats records of {name} that an earlier part file in {Path.GetDirectoryName(path)} holds: remove one of them.");
                }
            }
        }

        return covered;
    }

    private void Take(RecordedStream stream, string now)
    {
        names.Add((stream.Name, stream.Identity), now);
        foreach (var part in stream.Parts)
        {
            RowsOf(now).AddAll(part.Rows);
        }

        if (now != stream.Now)
        {
            moves.Add(new StreamMove(stream.Name, stream.Identity, now, source.Files![now].Mark));
            Log.StreamRenamed(log, stream.Now, stream.Count, now);
        }
    }

    private IntervalSet RowsOf(string now)
    {
        if (!rows.TryGetValue(now, out var taken))
        {
            rows.Add(now, taken = new IntervalSet());
        }

        return taken;
    }

    private async Task<bool> IsMadeFromAsync(RecordedStream stream, string now, CancellationToken cancellationToken)
    {
        if (source.Files is not { } files || stream.Knows(files[now].Mark))
        {
            return true;
        }

        var hashed = stream.Parts.Where(part => part.Content is not null).ToArray();
        var all = new IntervalSet();
        foreach (var part in hashed)
        {
            all.AddAll(part.Rows);
        }

        await files.HashAsync(now, all, cancellationToken);
        return hashed.All(part => files[now].Pages(part.Rows) == part.Content!.Pages);
    }

    private PipelineException Changed(RecordedStream stream)
    {
        var now = source.Identities[stream.Now];
        var how = now == stream.Identity ? "size and footer are the same, values are not" : $"it was {stream.Identity}, it is {now}";
        return new PipelineException(
            $"the source file {stream.Now} has changed since {stream.Parts[0].Path} was written from it: {how}. Restore it, or write to another folder. "
            + "If it is another file of the same name, name a folder above both in source.parquet.path.");
    }
}
