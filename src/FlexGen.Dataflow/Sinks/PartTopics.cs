namespace FlexGen.Dataflow.Sinks;

/// <summary>Of which topics the part files of a folder hold positions: a topic that is created anew has the same name and other messages.</summary>
internal sealed class PartTopics
{
    private readonly Dictionary<string, (string Identity, string Path)> streams = [];

    /// <summary>Part files of earlier versions do not say of which topics they are.</summary>
    public bool IsAnyUnknown { get; private set; }

    /// <summary>Takes what a part file says.</summary>
    /// <exception cref="PipelineException">Another says something else.</exception>
    public void Add(IReadOnlyDictionary<string, string> sources, string path)
    {
        foreach (var (stream, identity) in sources)
        {
            if (identity.Length == 0)
            {
                IsAnyUnknown = true;
            }
            else if (!streams.TryAdd(stream, (identity, path)) && streams[stream].Identity != identity)
            {
                throw new PipelineException(
                    $"{path} holds positions of {stream} in {identity}, but {streams[stream].Path} of one in {streams[stream].Identity}: remove the part files of one of them.");
            }
        }
    }

    /// <summary>Holds what the part files say of a partition against what it is now.</summary>
    /// <exception cref="PipelineException">It is another topic's, or the brokers no longer say which.</exception>
    public void Check(string stream, IReadOnlyDictionary<string, string> now)
    {
        if (streams.TryGetValue(stream, out var kept) && now.TryGetValue(stream, out var identity) && identity != kept.Identity)
        {
            throw new PipelineException(
                $"{kept.Path} holds positions of {stream} in {kept.Identity}, but it is now {(identity.Length > 0 ? identity : "one of brokers that tell no ids")}: the topic was deleted "
                + "and created anew, or bootstrapServers name another cluster, and positions in the one mean nothing in the other. "
                + "To read this one from `start` name other folders for sink and deadLetter.");
        }
    }
}
