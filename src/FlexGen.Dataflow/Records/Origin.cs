namespace FlexGen.Dataflow.Records;

/// <summary>Where a record comes from.</summary>
/// <param name="Stream">A source file's path relative to the root of the source's path, or <c>topic[partition]</c>.</param>
/// <param name="Position">The row in the file, from 0, or the offset.</param>
internal readonly record struct Origin(string Stream, long Position)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Stream}@{Position}");
}
