using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What the part files of a sink hold and where they go.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Options">When a part file is finished.</param>
/// <param name="Rows">The columns that pass through.</param>
/// <param name="Added">The columns that the pipeline adds.</param>
/// <param name="Source">Where the records come from.</param>
/// <param name="IsOutput">Whether a reader expects a file there, if there are no records, too.</param>
/// <param name="Results">The columns of what outputs hold; null: none.</param>
internal sealed record ParquetSinkLayout(
    string Folder,
    string Pipeline,
    ParquetSinkOptions Options,
    RowSchema Rows,
    IReadOnlyList<AddedColumn> Added,
    ISource Source,
    bool IsOutput,
    ResultColumns? Results = null)
{
    /// <summary>The columns that pass through, and those of results.</summary>
    public RowSchema Held { get; } = Results is null ? Rows
        : new RowSchema([.. Rows.Columns, .. Results.Schema.Columns], [.. Rows.Leaves, .. Results.Schema.Leaves]);

    /// <exception cref="PipelineException">Two columns of the source, of results, and of those that the pipeline adds, have one name.</exception>
    public void CheckNames(string key)
    {
        if (Rows.Names.Intersect(Added.Select(column => column.Field.Name), StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new PipelineDefinitionException(
                $"the source has a column '{name}', which is also a column that {key} adds: give that another name with {key}.parquet.names, "
                + "or leave the source's out with source.parquet.columns.");
        }

        string[] results = [.. Results?.Schema.Names ?? []];
        if (Rows.Names.Intersect(results, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } taken)
        {
            throw new PipelineDefinitionException(
                $"the source has a column '{taken}', which is also a property of the schema that output.columns makes a column of: leave the source's out with "
                + "source.parquet.columns, or give the property another name.");
        }

        if (Added.Select(column => column.Field.Name).Intersect(results, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } own)
        {
            throw new PipelineDefinitionException(
                $"{key} adds a column '{own}', which is also a property of the schema that output.columns makes a column of: give what is added another "
                + $"name with {key}.parquet.names.");
        }

        if (Results?.Alike is { } alike)
        {
            throw new PipelineDefinitionException(
                $"the schema's properties {string.Join(" and ", alike.Select(name => $"'{name}'"))} differ in case alone, which columns that "
                    + "output.columns makes cannot.");
        }
    }

    /// <summary>Whether the schema is all that can be written: the source has columns and no records.</summary>
    public bool HasSchemaOnly => IsOutput && HasColumns && Source.TotalRecords == 0;

    /// <summary>Whether it is known what the source's records have: a source of no files has none.</summary>
    public bool HasColumns => Rows.Columns.Count > 0;
}
