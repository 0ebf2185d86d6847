using FlexGen.Dataflow.Columns;
using FlexGen.Files;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>What earlier runs left in a sink's folder.</summary>
/// <param name="Parts">Each part file, and what its footer says.</param>
/// <param name="NextNumber">The number of the next part file.</param>
internal sealed record PartFolder(IReadOnlyList<(string Path, PartMetadata Metadata)> Parts, int NextNumber)
{
    /// <summary>Reads the footers of the part files in a sink's folder.</summary>
    /// <exception cref="PipelineException">A file there is not one that this pipeline wrote.</exception>
    public static async Task<PartFolder> ReadAsync(ParquetSinkLayout layout, CancellationToken cancellationToken)
    {
        var types = layout.HasColumns ? Types([.. layout.Held.Columns, .. await ColumnsOfAsync(layout.Added, cancellationToken)]) : null;
        var parts = new List<(string, PartMetadata)>();
        var next = 0;
        foreach (var path in PartName.Finished(layout.Folder))
        {
            var part = await ReadPartAsync(path, layout, types, cancellationToken);
            if (part.PipelineName != layout.Pipeline)
            {
                throw new PipelineException($"{path} was written by the pipeline '{part.PipelineName}', this one is '{layout.Pipeline}': "
                    + "choose another folder.");
            }

            parts.Add((path, part));
            next = Math.Max(next, PartName.NumberOf(Path.GetFileName(path)) + 1 ?? 0);
        }

        return new PartFolder(parts, next);
    }

    private static async Task<PartMetadata> ReadPartAsync(
        string path, ParquetSinkLayout layout, Dictionary<string, ColumnType>? types, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(RegularFile.Open(path), FileAccess.Read);
            await using var reader = await ParquetReader.CreateAsync(FooterOf(stream, path), cancellationToken: cancellationToken);
            var metadata = PartMetadata.FromFooter(reader.CustomMetadata) ?? throw new PipelineException(
                $"{path} was not written by a pipeline: choose a folder for part files alone.");
            if (metadata.Fault(reader.RowGroups.Sum(group => group.RowCount), isExact: layout.Source.Files is not null) is { } fault)
            {
                throw new PipelineException($"{path} was not written by a pipeline, by what its footer says ({fault}): remove it to redo "
                    + "the records that it stands for.");
            }

            if (types is not null)
            {
                Check(Types(ParquetColumns.Columns(reader.Metadata!)), types, path);
            }

            return metadata;
        }
        catch (Exception e) when (e is not (PipelineException or OperationCanceledException))
        {
            throw new PipelineException($"cannot read the part file {path} that an earlier run should have left ({e.Message}): remove it to "
                + "redo its records.", e);
        }
    }

    private static MemoryStream FooterOf(FileStream stream, string path)
    {
        try
        {
            return ParquetFooter.Open(stream, path);
        }
        catch (PipelineException e)
        {
            throw new InvalidDataException(e.Message.TrimEnd('.'), e);
        }
    }

    private static void Check(Dictionary<string, ColumnType> found, Dictionary<string, ColumnType> written, string path)
    {
        if (!written.Keys.SequenceEqual(found.Keys))
        {
            throw new PipelineException(
                $"{path} has the columns {string.Join(", ", found.Keys)}, but this pipeline writes "
                + $"{string.Join(", ", written.Keys)}: choose another folder, or the columns as they were.");
        }

        if (written.FirstOrDefault(column => column.Value.Name != found[column.Key].Name) is { Key: { } name } other)
        {
            throw new PipelineException(
                $"{path} has the column '{name}' as {found[name]}, but this pipeline writes {other.Value}: "
                + "choose another folder, or a source with the type as it was.");
        }
    }

    // What a file states of the columns that are added is known when it is written.
    private static async Task<IReadOnlyList<RowColumn>> ColumnsOfAsync(IReadOnlyList<AddedColumn> added, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        var schema = new ParquetSchema(added.Select(column => column.Field));
        return ParquetColumns.Columns(PartFile.MetadataOf(await ParquetWriter.CreateAsync(schema, file, cancellationToken: cancellationToken)));
    }

    private static Dictionary<string, ColumnType> Types(IEnumerable<RowColumn> columns) => columns.ToDictionary(column => column.Name, column => column.Type);
}
