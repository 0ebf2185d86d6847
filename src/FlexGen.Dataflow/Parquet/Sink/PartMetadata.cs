using System.Text.Json;
using System.Text.Json.Serialization;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What a part file's footer says about the records in it.</summary>
/// <param name="PipelineName">The pipeline that wrote it.</param>
/// <param name="Sources">Per stream, what tells its content from another's: <see cref="ISource.Identities"/>.</param>
/// <param name="Covered">Per stream, the intervals [start, end) of positions whose records are in the file.</param>
/// <param name="Content">Per stream that is a file, what its rows were read from; null in what earlier versions wrote.</param>
/// <param name="Starts">Per stream that does not begin at 0, where it begins; null where none is of that kind, and in what earlier versions wrote.</param>
/// <param name="Moves">The streams that go by other names since; null where there is none, and in what earlier versions wrote.</param>
internal sealed record PartMetadata(
    [property: JsonPropertyName("Pipeline")] string PipelineName,
    IReadOnlyDictionary<string, string> Sources,
    IReadOnlyDictionary<string, long[][]> Covered,
    IReadOnlyDictionary<string, ContentMark>? Content = null,
    Dictionary<string, long>? Starts = null,
    IReadOnlyList<StreamMove>? Moves = null)
{
    private const string Key = "flexgen.part";

    public static PartMetadata Of(
        string pipeline, IReadOnlyDictionary<string, string> identities, SourceFiles? files, Coverage covered, IReadOnlyDictionary<string, long> starts) => new(
        pipeline,
        covered.Streams.Keys.ToDictionary(stream => stream, stream => identities.GetValueOrDefault(stream, "")),
        covered.Streams.ToDictionary(
            stream => stream.Key, stream => stream.Value.Intervals.Select(i => new[] { i.Start, i.End }).ToArray()),
        files is null ? null : covered.Streams.ToDictionary(stream => stream.Key, stream => files.MarkOf(stream.Key, stream.Value)),
        covered.Streams.Keys.Any(starts.ContainsKey) ? covered.Streams.Keys.Where(starts.ContainsKey)
            .ToDictionary(stream => stream, stream => starts[stream]) : null);

    /// <summary>What no pipeline would have written; null where there is nothing of the kind.</summary>
    /// <param name="rows">The rows of the file.</param>
    /// <param name="isExact">Whether each position that is covered is a row, as in a file; a topic's may hold no message.</param>
    public string? Fault(long rows, bool isExact)
    {
        if (PipelineName is null || Sources is null || Covered is null || Sources.Values.Contains(null!)
            || Moves?.Any(move => move is not { Name: not null, Identity: not null, Now: not null }) == true)
        {
            return "it lacks a field";
        }

        if (Sources.Keys.Union(Covered.Keys).FirstOrDefault(stream => !Sources.ContainsKey(stream) || !Covered.ContainsKey(stream)) is { } alone)
        {
            return $"of {alone} it does not say both which it is and what is covered of it";
        }

        if (Starts?.FirstOrDefault(start => start.Value < 0 || !Sources.ContainsKey(start.Key)) is { Key: { } begun })
        {
            return $"{begun} cannot begin where it says";
        }

        foreach (var (stream, intervals) in Covered)
        {
            long last = -1;
            foreach (var interval in intervals ?? [])
            {
                if (interval is not [var start, var end] || start <= last || end <= start)
                {
                    return $"it covers {JsonSerializer.Serialize(intervals)} of {stream}, which are no intervals [start, end) of positions in order";
                }

                last = end;
            }
        }

        var covered = Covered.Values.Sum(intervals => intervals.Sum(interval => (decimal)interval[1] - interval[0]));
        return covered < rows || (isExact && covered > rows) ? $"it covers {covered} positions with {rows} rows" : null;
    }

    /// <summary>The positions of a stream whose records are in the file.</summary>
    public IntervalSet Of(string stream)
    {
        var positions = new IntervalSet();
        foreach (var interval in Covered[stream])
        {
            positions.Add(interval[0], interval[1]);
        }

        return positions;
    }

    /// <param name="carried">The source's entries, beside which this is one.</param>
    public Dictionary<string, string> ToFooter(IReadOnlyDictionary<string, string> carried) => new(carried) { [Key] = JsonSerializer.Serialize(this) };

    /// <summary>Null where the footer is of a file that no pipeline wrote.</summary>
    public static PartMetadata? FromFooter(IReadOnlyDictionary<string, string> footer) =>
        footer.TryGetValue(Key, out var json) ? JsonSerializer.Deserialize<PartMetadata>(json) : null;
}
