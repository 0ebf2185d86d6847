using System.Reflection;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>
/// A part file being written, under a temporary name until it is whole and on disk. Disposing it before that deletes it. Parquet.Net
/// writes the footer when its writer is disposed, whatever happened before: so a file that is given up is never disposed through it.
/// It is given the leaves alone, as the columns of a flat file; what columns they make up, and of what types, the footer states as the source does.
/// </summary>
internal sealed class PartFile : IAsyncDisposable
{
    private readonly FileOperations files;
    private readonly string folder;
    private readonly int number;
    private readonly FileStream stream;
    private readonly ParquetWriter writer;
    private readonly RowSchema schema;
    private readonly IReadOnlyList<AddedColumn> added;
    private readonly IReadOnlyList<PhysicalField> fields;
    private readonly FileMetaData metadata;

    // Kept and cleared: a new one each time is a large object, and once left behind holds the values of a row group until all memory is collected.
    private readonly List<(ColumnData Column, int Row)> rows = [];
    private bool isCommitted;

    private PartFile(
        FileOperations files,
        string folder,
        int number,
        FileStream stream,
        ParquetWriter writer,
        RowSchema schema,
        IReadOnlyList<AddedColumn> added,
        IReadOnlyList<PhysicalField> fields)
    {
        this.schema = schema;
        this.added = added;
        this.fields = fields;
        metadata = MetadataOf(writer);
        this.files = files;
        this.folder = folder;
        this.number = number;
        this.stream = stream;
        this.writer = writer;
    }

    public string Path => System.IO.Path.Combine(folder, PartName.Of(number));

    public static async Task<PartFile> CreateAsync(
        FileOperations files, string folder, int number, RowSchema schema, IReadOnlyList<AddedColumn> added)
    {
        var (flat, fields) = PhysicalField.Flatten(schema.Leaves.Select(leaf => leaf.Physical), added.Select(column => column.Field));
        var stream = files.Create(System.IO.Path.Combine(folder, PartName.Temporary(number)));
        var writer = await ParquetWriter.CreateAsync(flat, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        return new PartFile(files, folder, number, stream, writer, schema, added, fields);
    }

    /// <summary>The footer that a writer is going to write, which Parquet.Net keeps to itself.</summary>
    public static FileMetaData MetadataOf(ParquetWriter writer)
    {
        var footer = Private(typeof(ParquetWriter), "_footer").GetValue(writer)!;
        return (FileMetaData)Private(footer.GetType(), "_fileMeta").GetValue(footer)!;

        static FieldInfo Private(System.Type type, string name) =>
            type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic) ?? throw new MissingFieldException(type.FullName, name);
    }

    public async Task WriteRowGroupAsync(IReadOnlyList<Record> records)
    {
        using var group = writer.CreateRowGroup();
        var leaves = new PartRowGroup(group, metadata.RowGroups[^1], stream, fields);
        for (var leaf = 0; leaf < schema.Leaves.Count; leaf++)
        {
            rows.Clear();
            rows.AddRange(records.Select(record => leaf < record.Rows.Columns.Count
                ? (record.Rows.Columns[leaf], record.Row)
                : (record.Results!.Columns[leaf - record.Rows.Columns.Count], 0)));
            await rows[0].Column.WriteAsync(leaves, leaf, rows, CancellationToken.None);
        }

        rows.Clear();
        foreach (var column in added)
        {
            await column.WriteAsync(group, records, CancellationToken.None);
        }

        group.CompleteValidate();
    }

    /// <param name="entries">The footer's entries.</param>
    public async Task CommitAsync(Dictionary<string, string> entries)
    {
        writer.CustomMetadata = entries;
        StateSchema();
        await writer.DisposeAsync();
        files.Sync(stream);
        await stream.DisposeAsync();
        files.Rename(stream.Name, Path);
        isCommitted = true;
        files.SyncFolder(folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (isCommitted)
        {
            return;
        }

        try
        {
            await stream.DisposeAsync();
        }
        catch (IOException)
        {
            // What is still in the stream's buffer does not fit on a full disk, and is not wanted.
        }

        try
        {
            files.Delete(stream.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next run deletes it; what went wrong before is what the caller should hear of.
        }
    }

    private void StateSchema()
    {
        var addedElements = metadata.Schema.TakeLast(added.Count).ToArray();
        metadata.Schema =
        [
            new SchemaElement { Name = "root", NumChildren = schema.Columns.Count + added.Count },
            .. schema.Columns.SelectMany(column => column.Elements),
            .. addedElements,
        ];
        foreach (var group in metadata.RowGroups)
        {
            foreach (var (chunk, leaf) in group.Columns.Zip(schema.Leaves))
            {
                chunk.MetaData!.Type = leaf.Physical.Element.Type!.Value;
                chunk.MetaData.PathInSchema = leaf.Physical.Path.ToList();
            }
        }
    }
}
