using FlexGen.Dataflow.Files;

namespace FlexGen.Dataflow.Parquet;

/// <summary>Which columns of a file are meant.</summary>
/// <param name="Names">Their names; null for all.</param>
/// <param name="IsMissingTaken">A file may lack some of them.</param>
/// <param name="Partitions">Those that the names of folders hold.</param>
internal sealed record ColumnChoice(
    IList<string>? Names, bool IsMissingTaken, IReadOnlyList<PartitionColumn> Partitions);
