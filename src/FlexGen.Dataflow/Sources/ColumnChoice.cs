namespace FlexGen.Dataflow.Sources;

/// <summary>Which columns of a file are meant.</summary>
/// <param name="Names">Their names; null for all.</param>
/// <param name="IsMissingTaken">A file may lack some of them.</param>
/// <param name="Partitions">Those that the names of folders hold.</param>
/// <param name="Nullable">Those that are described as if rows could lack them; nothing is read so.</param>
internal sealed record ColumnChoice(
    IList<string>? Names, bool IsMissingTaken, IReadOnlyList<PartitionColumn> Partitions, IReadOnlySet<string>? Nullable = null);
