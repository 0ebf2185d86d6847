using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What the part files of a sink hold and where they go.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Options">When a part file is finished.</param>
/// <param name="Rows">The columns that pass through.</param>
/// <param name="Added">The columns that the pipeline adds.</param>
/// <param name="Source">Where the records come from.</param>
/// <param name="IsOutput">Whether a reader expects a file there, if there are no records, too.</param>
internal sealed record ParquetSinkLayout(
    string Folder,
    string Pipeline,
    ParquetSinkOptions Options,
    RowSchema Rows,
    IReadOnlyList<AddedColumn> Added,
    ISource Source,
    bool IsOutput)
{
    /// <exception cref="PipelineException">A column of the source has the name of a column that the pipeline adds.</exception>
    public void CheckNames(string key)
    {
        if (Rows.Names.Intersect(Added.Select(column => column.Field.Name), StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new PipelineDefinitionException(
                $"the source has a column '{name}', which is also a column that {key} adds: give that another name with {key}.parquet.names, "
                + "or leave the source's out with source.parquet.columns.");
        }
    }

    /// <summary>Whether the schema is all that can be written: the source has columns and no records.</summary>
    public bool HasSchemaOnly => IsOutput && HasColumns && Source.TotalRecords == 0;

    /// <summary>Whether it is known what the source's records have: a source of no files has none.</summary>
    public bool HasColumns => Rows.Columns.Count > 0;
}
