using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Some consecutive rows of a file.</summary>
/// <param name="Rows">Their values.</param>
/// <param name="First">The position of the first.</param>
/// <param name="Count">How many there are.</param>
/// <param name="LeftOut">The values that are not among them.</param>
internal readonly record struct RowSlice(Rows Rows, long First, int Count, IReadOnlyList<LeftOut> LeftOut);
