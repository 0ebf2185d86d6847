using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet;

/// <summary>Holds what a footer says of row groups and column chunks against each other, for the columns that are chosen.</summary>
internal static class ParquetChunks
{
    /// <summary>Where a chunk's first page is. A dictionary at 0, where the file's magic number is, is none.</summary>
    public static long StartOf(ColumnMetaData chunk) =>
        chunk.DictionaryPageOffset is > 0 and var dictionary ? Math.Min(dictionary, chunk.DataPageOffset) : chunk.DataPageOffset;

    /// <exception cref="PipelineException">A chosen column is encrypted, or the footer contradicts itself.</exception>
    public static void Check(FileMetaData metadata, RowSchema schema, string path)
    {
        var leaves = metadata.Schema.Skip(1).Count(element => element.Type is not null);
        foreach (var (index, group) in metadata.RowGroups.Index())
        {
            if (group.NumRows < 0 || group.Columns.Count != leaves)
            {
                throw Contradicts(path, $"row group {index} has {group.NumRows} rows and {group.Columns.Count} column chunks, for {leaves} columns");
            }

            foreach (var leaf in schema.Leaves.Where(leaf => leaf.Physical.Ordinal != PhysicalField.InNoFile))
            {
                var chunk = group.Columns[leaf.Physical.Ordinal];
                if (chunk.CryptoMetadata is not null || chunk.EncryptedColumnMetadata is not null)
                {
                    throw Encrypted(metadata, leaf, path);
                }

                if (chunk.FilePath is { } other)
                {
                    throw new PipelineException(
                        $"{path} has the values of column '{leaf.Column}' in another file, {other}, which is not read: name that one in source.parquet.path.");
                }

                Check(chunk.MetaData, group.NumRows, leaf, $"row group {index}", path);
            }
        }
    }

    private static void Check(ColumnMetaData? chunk, long rows, Leaf leaf, string group, string path)
    {
        var name = leaf.Physical.Path.ToString(".", null);
        if (chunk is null || !chunk.PathInSchema.SequenceEqual(leaf.Physical.Path.ToList()))
        {
            throw Contradicts(path, $"{group} has a chunk of '{string.Join('.', chunk?.PathInSchema ?? [])}' where that of '{name}' should be");
        }

        var isRight = leaf.Physical.MaxRepetitionLevel == 0 ? chunk.NumValues == rows : chunk.NumValues >= rows;
        if (!isRight)
        {
            throw Contradicts(path, $"{group} has {rows} rows and {chunk.NumValues} values of '{name}'");
        }
    }

    private static PipelineException Encrypted(FileMetaData metadata, Leaf leaf, string path)
    {
        var readable = new List<string>();
        var ordinal = 0;
        foreach (var column in ParquetColumns.Columns(metadata))
        {
            var chunks = metadata.RowGroups.SelectMany(group => group.Columns.Skip(ordinal).Take(column.LeafCount));
            if (chunks.All(chunk => chunk.CryptoMetadata is null && chunk.EncryptedColumnMetadata is null))
            {
                readable.Add(column.Name);
            }

            ordinal += column.LeafCount;
        }

        return new PipelineException(
            $"column '{leaf.Column}' of {path} is encrypted, which is not read: "
            + (readable.Count > 0
                ? $"of this file source.parquet.columns can name {string.Join(", ", readable)}."
                : "and so are all the others. Write the file without encryption."));
    }

    private static PipelineException Contradicts(string path, string what) => new($"cannot read {path}: its footer is damaged ({what}).");
}
