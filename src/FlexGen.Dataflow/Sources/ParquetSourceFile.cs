using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Sources;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    private readonly FileStream stream;
    private readonly ParquetReader reader;
    private readonly ArrowColumns arrow;

    private ParquetSourceFile(string path, FileStream stream, ParquetReader reader, RowSchema schema)
    {
        Path = path;
        arrow = new ArrowColumns(stream);
        this.stream = stream;
        this.reader = reader;
        Schema = schema;
    }

    public string Path { get; }

    public RowSchema Schema { get; }

    public long RowCount => reader.RowGroups.Sum(group => group.RowCount);

    /// <exception cref="PipelineException">The file cannot be read, is no Parquet file or lacks a column.</exception>
    public static async Task<ParquetSourceFile> OpenAsync(string path, IList<string>? columns, CancellationToken cancellationToken)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 16);
            ParquetFooter.Check(stream, path);
            var reader = await ParquetReader.CreateAsync(stream, leaveStreamOpen: true, cancellationToken: cancellationToken);
            var schema = ParquetColumns.Choose(reader.Metadata!, columns, path);
            ParquetChunks.Check(reader.Metadata!, schema, path);
            PhysicalTypes.Use(reader.Metadata!);
            return new ParquetSourceFile(path, stream, reader, schema);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is OperationCanceledException or PipelineException)
            {
                throw;
            }
            throw new PipelineException(
                e is IOException or UnauthorizedAccessException
                    ? $"cannot read {path}: {e.Message}"
                    : $"cannot read {path}: its footer is damaged, or not as the format has it ({e.Message.TrimEnd('.')}).",
                e);
        }
    }

    /// <summary>Length and a hash of the footer, which holds every column chunk's place, size and row count.</summary>
    public string Identity()
    {
        var tail = new byte[8];
        RandomAccess.Read(stream.SafeFileHandle, tail, stream.Length - tail.Length);
        var footer = new byte[BinaryPrimitives.ReadInt32LittleEndian(tail)];
        RandomAccess.Read(stream.SafeFileHandle, footer, stream.Length - tail.Length - footer.Length);
        var hash = Convert.ToHexStringLower(SHA256.HashData(footer).AsSpan(0, 8));
        return string.Create(CultureInfo.InvariantCulture, $"{stream.Length} bytes, {RowCount} rows, footer {hash}");
    }

    /// <summary>The row groups that <paramref name="done"/> does not cover, each with its first row's position and its row count.</summary>
    /// <exception cref="PipelineException">The file is damaged, or a column is stored in a way that cannot be read.</exception>
    public async IAsyncEnumerable<(Rows Rows, long First, int Count)> ReadAsync(IntervalSet done)
    {
        long first = 0;
        for (int i = 0; i < reader.RowGroupCount; i++)
        {
            long count = reader.RowGroups[i].RowCount;
            if (count > 0 && !done.Covers(first, first + count))
            {
                var columns = new ColumnData[Schema.Leaves.Count];
                for (int leaf = 0; leaf < columns.Length; leaf++)
                {
                    columns[leaf] = await ReadColumnAsync(i, Schema.Leaves[leaf], first);
                }
                yield return (new Rows(columns), first, (int)count);
            }
            first += count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        arrow.Dispose();
        await reader.DisposeAsync();
        await stream.DisposeAsync();
    }

    private async Task<ColumnData> ReadColumnAsync(int index, Leaf leaf, long first)
    {
        var group = reader.RowGroups[index];
        var chunk = group.RowGroup.Columns[leaf.Physical.Ordinal].MetaData!;
        try
        {
            var column = await ReadAsync(index, leaf.Physical, chunk);
            return column.Rows == group.RowCount ? column : throw new InvalidDataException($"it holds {column.Rows} rows, its row group {group.RowCount}");
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            throw new PipelineException(
                $"column '{leaf.Column}' of {Path} does not fit into memory: row group {index} has {group.RowCount} rows, {chunk.NumValues} values and "
                + $"{chunk.TotalUncompressedSize} bytes of it. Write the file with smaller row groups, or leave the column out with source.parquet.columns.",
                e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PipelineException(
                $"cannot read column '{leaf.Column}', rows {first} to {first + group.RowCount - 1}, of {Path}: the file is damaged or has an encoding "
                + $"that cannot be read ({e.Message}).",
                e);
        }
    }

    private async Task<ColumnData> ReadAsync(int group, PhysicalField field, ColumnMetaData chunk)
    {
        int count = checked((int)chunk.NumValues);
        if (!PhysicalTypes.CanRead(field, chunk))
        {
            return arrow.Read(group, field, count);
        }
        try
        {
            return await PhysicalTypes.ReadAsync(reader.RowGroups[group], field, CancellationToken.None);
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException or OverflowException))
        {
            return arrow.Read(group, field, count);
        }
    }
}
