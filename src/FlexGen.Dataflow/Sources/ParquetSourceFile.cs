using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using FlexGen.Dataflow.Records;
using Parquet;
using ParquetSharp;
using ParquetSharp.IO;
using FileMetaData = Parquet.Meta.FileMetaData;

namespace FlexGen.Dataflow.Sources;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    // Of what is read from the disk at once, for each column.
    private const long BufferBytes = 256 << 10;

    private readonly FileStream stream;
    private readonly FileMetaData metadata;
    private readonly long maxValueBytes;

    private ParquetSourceFile(string path, FileStream stream, FileMetaData metadata, RowSchema schema, long maxValueBytes)
    {
        Path = path;
        this.stream = stream;
        this.metadata = metadata;
        this.maxValueBytes = maxValueBytes;
        Schema = schema;
    }

    public string Path { get; }

    public RowSchema Schema { get; }

    public long RowCount => metadata.RowGroups.Sum(group => group.NumRows);

    /// <param name="path">The file.</param>
    /// <param name="columns">The columns to read; all where null.</param>
    /// <param name="maxValueBytes">A value with more bytes is left blank.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="PipelineException">The file cannot be read, is no Parquet file or lacks a column.</exception>
    public static async Task<ParquetSourceFile> OpenAsync(string path, IList<string>? columns, long maxValueBytes, CancellationToken cancellationToken)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 16);
            ParquetFooter.Check(stream, path);
            await using var reader = await ParquetReader.CreateAsync(stream, leaveStreamOpen: true, cancellationToken: cancellationToken);
            var metadata = reader.Metadata!;
            var schema = ParquetColumns.Choose(metadata, columns, path);
            ParquetChunks.Check(metadata, schema, path);
            return new ParquetSourceFile(path, stream, metadata, schema, maxValueBytes);
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

    /// <summary>The rows, but for row groups that <paramref name="done"/> covers.</summary>
    /// <exception cref="PipelineException">The file is damaged, or a column is stored in a way that cannot be read.</exception>
    public IEnumerable<RowSlice> Read(IntervalSet done)
    {
        using var bytes = new ManagedRandomAccessFile(stream, leaveOpen: true);
        using var properties = ReaderProperties.GetDefaultReaderProperties();
        properties.EnableBufferedStream();
        properties.BufferSize = BufferBytes;
        using var file = Open(bytes, properties);
        long first = 0;
        foreach (var (index, group) in metadata.RowGroups.Index())
        {
            if (group.NumRows > 0 && !done.Covers(first, first + group.NumRows))
            {
                using var slices = new RowGroupSlices(file, Path, index, group, Schema.Leaves, maxValueBytes);
                foreach (var slice in slices.Read(first))
                {
                    yield return slice;
                }
            }
            first += group.NumRows;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private ParquetFileReader Open(ManagedRandomAccessFile bytes, ReaderProperties properties)
    {
        try
        {
            return new ParquetFileReader(bytes, properties);
        }
        catch (Exception e) when (e is ParquetSharp.ParquetException or IOException)
        {
            throw new PipelineException($"cannot read {Path}: its footer is damaged, or not as the format has it ({e.Message}).", e);
        }
    }
}
