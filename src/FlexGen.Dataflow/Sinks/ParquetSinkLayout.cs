using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>What the part files of a sink hold and where they go.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Options">When a part file is finished.</param>
/// <param name="Rows">The columns that pass through.</param>
/// <param name="Added">The columns that the pipeline adds.</param>
/// <param name="Identities">What the streams' content is: <see cref="Sources.ISource.Identities"/>.</param>
internal sealed record ParquetSinkLayout(
    string Folder,
    string Pipeline,
    ParquetSinkOptions Options,
    RowSchema Rows,
    IReadOnlyList<AddedColumn> Added,
    IReadOnlyDictionary<string, string> Identities)
{
    /// <summary>A part file's columns; null for a source of no files, which has none.</summary>
    public IReadOnlyList<string>? Names { get; } = Rows.Columns.Count == 0 ? null : [.. Rows.Names, .. Added.Select(column => column.Field.Name)];

    /// <exception cref="PipelineException">A column of the source has the name of a column that the pipeline adds.</exception>
    public void CheckNames(string key)
    {
        if (Rows.Names.Intersect(Added.Select(column => column.Field.Name), StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new PipelineException(
                $"the source has a column '{name}', which is also a column that {key} adds: "
                + "leave it out with source.parquet.columns, or rename it in the source.");
        }
    }

    public Task<PartFolder> ReadFolderAsync(CancellationToken cancellationToken) =>
        PartFolder.ReadAsync(Folder, Pipeline, Names, Identities, cancellationToken);
}
