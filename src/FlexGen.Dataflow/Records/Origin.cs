namespace FlexGen.Dataflow.Records;

/// <summary>Where a record comes from.</summary>
/// <param name="Stream">A source file's path relative to the source's root.</param>
/// <param name="Position">The row in the file, from 0.</param>
internal readonly record struct Origin(string Stream, long Position);
