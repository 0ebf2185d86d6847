using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What part files say of a stream of one name and identity.</summary>
/// <param name="Name">The stream's name when they were written.</param>
/// <param name="Identity">What its content was: <see cref="ISource.Identities"/>.</param>
/// <param name="Parts">The part files, each with the rows in it and what they were read from.</param>
/// <param name="Move">What the last run that found it under another name has noted; null where none did.</param>
internal sealed record RecordedStream(
    string Name, string Identity, IReadOnlyList<(string Path, IntervalSet Rows, ContentMark? Content)> Parts, StreamMove? Move)
{
    /// <summary>The name by which it was last known.</summary>
    public string Now => Move?.Now ?? Name;

    /// <summary>Whether a run saw the file as it is now. That run found the part files before its own to be made from it.</summary>
    public bool Knows(string? mark) => mark is not null && (Move?.State == mark || Parts.Any(part => part.Content?.State == mark));

    public long Count => Parts.Sum(part => part.Rows.Count);

    public bool Overlaps(IntervalSet rows) => Parts.Any(part => part.Rows.Intervals.Any(i => rows.Overlaps(i.Start, i.End)));
}
