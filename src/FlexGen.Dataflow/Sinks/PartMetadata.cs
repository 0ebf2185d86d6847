using System.Text.Json;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sources;

namespace FlexGen.Dataflow.Sinks;

/// <summary>What a part file's footer says about the records in it.</summary>
/// <param name="Pipeline">The pipeline that wrote it.</param>
/// <param name="Sources">Per stream, what tells its content from another's: <see cref="ISource.Identities"/>.</param>
/// <param name="Covered">Per stream, the intervals [start, end) of positions whose records are in the file.</param>
/// <param name="Content">Per stream that is a file, what its rows were read from; null in what earlier versions wrote.</param>
internal sealed record PartMetadata(
    string Pipeline,
    IReadOnlyDictionary<string, string> Sources,
    IReadOnlyDictionary<string, long[][]> Covered,
    IReadOnlyDictionary<string, ContentMark>? Content = null)
{
    private const string Key = "flexgen.part";

    public static PartMetadata Of(string pipeline, IReadOnlyDictionary<string, string> identities, SourceFiles? files, Coverage covered) => new(
        pipeline,
        covered.Streams.Keys.ToDictionary(stream => stream, stream => identities.GetValueOrDefault(stream, "")),
        covered.Streams.ToDictionary(
            stream => stream.Key, stream => stream.Value.Intervals.Select(i => new[] { i.Start, i.End }).ToArray()),
        files is null ? null : covered.Streams.ToDictionary(stream => stream.Key, stream => files.MarkOf(stream.Key, stream.Value)));

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
