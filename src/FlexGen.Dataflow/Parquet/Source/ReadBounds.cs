namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>How much of a file may be in memory at once.</summary>
/// <param name="ValueBytes">Of a leaf's row: one with more is left blank.</param>
/// <param name="OpenPageBytes">Of the pages of all columns: where there are more, the largest are not held whole, if they can be read so.</param>
/// <param name="MostPageBytes">Of the pages that are held all the same: where there are more, the file is refused.</param>
internal readonly record struct ReadBounds(long ValueBytes, long OpenPageBytes, long MostPageBytes);
