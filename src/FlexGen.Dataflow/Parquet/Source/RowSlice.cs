using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Some consecutive rows of a file.</summary>
/// <param name="Rows">Their values.</param>
/// <param name="First">The position of the first.</param>
/// <param name="Count">How many there are.</param>
/// <param name="TooLarge">Leaf, row from 0 and bytes of each that has more than it may, and was left blank.</param>
internal readonly record struct RowSlice(Rows Rows, long First, int Count, IReadOnlyList<(int Leaf, int Row, long Bytes)> TooLarge);
