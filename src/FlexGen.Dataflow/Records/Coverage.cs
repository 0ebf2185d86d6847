namespace FlexGen.Dataflow.Records;

/// <summary>Which positions of which streams are done.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<string, IntervalSet> streams = [];

    public IReadOnlyDictionary<string, IntervalSet> Streams => streams;

    public IntervalSet this[string stream]
    {
        get
        {
            if (!streams.TryGetValue(stream, out var positions))
            {
                streams[stream] = positions = new IntervalSet();
            }

            return positions;
        }
    }

    /// <summary>The positions of a stream that are done. The caller may keep them.</summary>
    public IntervalSet CopyOf(string stream) => streams.TryGetValue(stream, out var positions) ? positions.Copy() : new IntervalSet();

    /// <summary>Adds all of <paramref name="other"/>.</summary>
    /// <returns>The first stream that both had a position of; null where they had none in common.</returns>
    public string? Add(Coverage other)
    {
        string? overlap = null;
        foreach (var (stream, positions) in other.streams)
        {
            if (!this[stream].AddAll(positions))
            {
                overlap ??= stream;
            }
        }

        return overlap;
    }
}
