using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// A part file being written, under a temporary name until it is whole and on disk. Disposing it before that deletes it. Parquet.Net
/// writes the footer when its writer is disposed, whatever happened before: so a file that is given up is never disposed through it.
/// </summary>
internal sealed class PartFile : IAsyncDisposable
{
    private readonly FileOperations files;
    private readonly string folder;
    private readonly int number;
    private readonly FileStream stream;
    private readonly ParquetWriter writer;
    private bool isCommitted;

    private PartFile(FileOperations files, string folder, int number, FileStream stream, ParquetWriter writer)
    {
        this.files = files;
        this.folder = folder;
        this.number = number;
        this.stream = stream;
        this.writer = writer;
    }

    public string Path => System.IO.Path.Combine(folder, PartName.Of(number));

    public static async Task<PartFile> CreateAsync(FileOperations files, string folder, int number, ParquetSchema schema)
    {
        var stream = files.Create(System.IO.Path.Combine(folder, PartName.Temporary(number)));
        var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        return new PartFile(files, folder, number, stream, writer);
    }

    public async Task WriteRowGroupAsync(RowSchema schema, IReadOnlyList<AddedColumn> added, IReadOnlyList<Record> records)
    {
        using var group = writer.CreateRowGroup();
        for (int leaf = 0; leaf < schema.Leaves.Count; leaf++)
        {
            var column = records[0].Rows.Columns[leaf];
            await column.WriteAsync(group, schema.Leaves[leaf].Physical, leaf, records, CancellationToken.None);
        }
        foreach (var column in added)
        {
            await column.WriteAsync(group, records, CancellationToken.None);
        }
        group.CompleteValidate();
    }

    /// <param name="metadata">The footer's entries.</param>
    public async Task CommitAsync(Dictionary<string, string> metadata)
    {
        writer.CustomMetadata = metadata;
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
}
