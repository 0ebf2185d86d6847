using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using FlexGen.Dataflow.Records;
using Parquet;

namespace FlexGen.Dataflow.Sources;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    private readonly FileStream stream;
    private readonly ParquetReader reader;

    private ParquetSourceFile(string path, FileStream stream, ParquetReader reader, RowSchema schema)
    {
        Path = path;
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
            var reader = await ParquetReader.CreateAsync(stream, PhysicalTypes.ReadOptions(), leaveStreamOpen: true, cancellationToken);
            return new ParquetSourceFile(path, stream, reader, ParquetColumns.Choose(reader, columns, path));
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is OperationCanceledException or PipelineException)
            {
                throw;
            }
            throw new PipelineException($"cannot read {path}: it is not a Parquet file, or it is truncated ({e.Message}).", e);
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
    /// <exception cref="PipelineException">The file is damaged, or a column has an encoding that Parquet.Net cannot read.</exception>
    public async IAsyncEnumerable<(Rows Rows, long First, int Count)> ReadAsync(IntervalSet done)
    {
        long first = 0;
        foreach (var group in reader.RowGroups)
        {
            int count = checked((int)group.RowCount);
            if (!done.Covers(first, first + count))
            {
                var columns = new ColumnData[Schema.Leaves.Count];
                for (int i = 0; i < columns.Length; i++)
                {
                    columns[i] = await ReadColumnAsync(group, Schema.Leaves[i], first, count);
                }
                yield return (new Rows(columns), first, count);
            }
            first += count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await reader.DisposeAsync();
        await stream.DisposeAsync();
    }

    private async Task<ColumnData> ReadColumnAsync(ParquetRowGroupReader group, Leaf leaf, long first, int count)
    {
        try
        {
            return await PhysicalTypes.ReadAsync(group, leaf.Physical, CancellationToken.None);
        }
        catch (NotImplementedException e)
        {
            throw new PipelineException(
                $"column '{leaf.Column}' of {Path} is nested and stored in data pages of version 2, which Parquet.Net cannot read: "
                + "leave it out with source.parquet.columns, or write the file with data pages of version 1.",
                e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PipelineException(
                $"cannot read column '{leaf.Column}', rows {first} to {first + count - 1}, of {Path}: the file is damaged or has an encoding "
                + $"that Parquet.Net cannot read ({e.Message}).",
                e);
        }
    }
}
