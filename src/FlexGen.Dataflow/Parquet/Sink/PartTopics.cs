using System.Collections.Concurrent;
using FlexGen.Dataflow.Ends;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>Of which topics part files hold positions: one that is created anew has the same name and other messages.</summary>
internal sealed class PartTopics
{
    private readonly ISource source;
    private readonly Dictionary<string, (string Identity, string Path)> streams = [];
    private readonly ConcurrentDictionary<string, long> starts = [];

    /// <param name="source">The source as it is now.</param>
    /// <param name="folders">The part files.</param>
    /// <param name="log">Where to report.</param>
    /// <exception cref="PipelineException">They hold positions of another topic, or two of them of different ones.</exception>
    public PartTopics(ISource source, IReadOnlyList<PartFolder> folders, ILogger log)
    {
        this.source = source;
        if (source.Files is not null)
        {
            return;
        }

        foreach (var (path, part) in folders.SelectMany(folder => folder.Parts))
        {
            Add(part.Sources, path);
            Begin(part.Starts ?? []);
        }

        foreach (var stream in source.Identities.Keys)
        {
            Check(stream);
        }

        if (folders.SelectMany(folder => folder.Parts).FirstOrDefault(part => part.Metadata.Sources.Values.Contains("")) is { Path: { } earlier })
        {
            // What is beyond the log's end is refused all the same.
            Log.IdTaken(log, $"{earlier} and others", "the topic");
        }
    }

    /// <summary>Where the reading of partitions began.</summary>
    public IReadOnlyDictionary<string, long> Starts => starts;

    public void Begin(IReadOnlyDictionary<string, long> begun)
    {
        foreach (var (stream, start) in begun)
        {
            starts.TryAdd(stream, start);
        }
    }

    /// <summary>Holds what the part files say of a partition against what it is now.</summary>
    /// <exception cref="PipelineException">It is another topic's, or the brokers no longer say which.</exception>
    public void Check(string stream)
    {
        if (streams.TryGetValue(stream, out var kept) && source.Identities.TryGetValue(stream, out var identity) && identity != kept.Identity)
        {
            throw new PipelineException(
                $"{kept.Path} holds positions of {stream} in {kept.Identity}, but it is now "
                    + $"{(identity.Length > 0 ? identity : "one of brokers that tell no ids")}: "
                + "the topic was deleted and created anew, or bootstrapServers name another cluster, and positions in the one mean nothing in the other. "
                + "To read this one from `start` name other folders for sink and deadLetter.");
        }
    }

    private void Add(IReadOnlyDictionary<string, string> sources, string path)
    {
        foreach (var (stream, identity) in sources.Where(stream => stream.Value.Length > 0))
        {
            if (!streams.TryAdd(stream, (identity, path)) && streams[stream].Identity != identity)
            {
                throw new PipelineException(
                    $"{path} holds positions of {stream} in {identity}, but {streams[stream].Path} of one in {streams[stream].Identity}: "
                    + "remove the part files of one of them.");
            }
        }
    }
}
