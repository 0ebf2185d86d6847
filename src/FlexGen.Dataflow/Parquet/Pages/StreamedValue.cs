namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>A value of bytes.</summary>
/// <param name="Length">How many it has.</param>
/// <param name="Bytes">They themselves; none where they are more than may be.</param>
internal readonly record struct StreamedValue(int Length, ReadOnlyMemory<byte> Bytes);
