using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using FlexGen.Files;
using Parquet;
using ParquetSharp;
using ParquetSharp.IO;
using FileMetaData = Parquet.Meta.FileMetaData;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    // Of what is read from the disk at once, for each column.
    private const long BufferBytes = 256 << 10;

    private readonly FileStream stream;
    private readonly MemoryStream footer;
    private readonly FileState state;
    private readonly FileMetaData metadata;
    private readonly ReadBounds bounds;
    private readonly Dictionary<string, PartitionColumn> partitions;

    private ParquetSourceFile(
        string path, FileStream stream, MemoryStream footer, FileState state, FileMetaData metadata, ColumnChoice choice, RowSchema schema, ReadBounds bounds)
    {
        Path = path;
        partitions = choice.Partitions.ToDictionary(partition => partition.Name);
        this.stream = stream;
        this.footer = footer;
        this.state = state;
        this.metadata = metadata;
        this.bounds = bounds;
        Schema = schema;
    }

    public string Path { get; }

    public RowSchema Schema { get; }

    /// <summary>The footer's entries.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public long RowCount => metadata.RowGroups.Sum(group => group.NumRows);

    /// <param name="path">The file.</param>
    /// <param name="choice">The columns to read.</param>
    /// <param name="bounds">How much of it may be in memory at once.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="PipelineException">The file cannot be read, is no Parquet file or lacks a column.</exception>
    public static async Task<ParquetSourceFile> OpenAsync(string path, ColumnChoice choice, ReadBounds bounds, CancellationToken cancellationToken)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(RegularFile.Open(path), FileAccess.Read, bufferSize: 1 << 16);
            var state = FileState.Of(stream.SafeFileHandle);
            var footer = ParquetFooter.Open(stream, path);
            await using var reader = await ParquetReader.CreateAsync(footer, leaveStreamOpen: true, cancellationToken: cancellationToken);
            var metadata = reader.Metadata!;
            var schema = ParquetColumns.Choose(metadata, choice, path);
            ParquetChunks.Check(metadata, schema, path);
            return new ParquetSourceFile(path, stream, footer, state, metadata, choice, schema, bounds) { Metadata = reader.CustomMetadata };
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is OperationCanceledException or PipelineException)
            {
                throw;
            }

            throw new PipelineException($"cannot read {path}: {Explain(e)}.", e);
        }
    }

    /// <summary>Why a file could not be opened.</summary>
    public static string Explain(Exception e) => e switch
    {
        UnauthorizedAccessException => "this process has no permission to read it",
        FileNotFoundException or DirectoryNotFoundException => "it is not there, or is a link to what is not there",
        IOException => e.Message.TrimEnd('.'),
        _ => $"its footer is damaged, or not as the format has it ({e.Message.TrimEnd('.')})",
    };

    /// <param name="now">The present, before anything is read.</param>
    public FileFingerprint Fingerprint(DateTimeOffset now)
    {
        long end = 0;
        return new FileFingerprint(Path, Identity(), state, state.Mark(now), [.. metadata.RowGroups.Select(group => end += group.NumRows)]);
    }

    /// <summary>Makes sure that what a fingerprint was taken of is still there. Where the file was only touched, its pages say so.</summary>
    /// <exception cref="PipelineException">The content is another.</exception>
    public void CheckUnchanged(FileFingerprint fingerprint)
    {
        var now = FileState.Of(stream.SafeFileHandle);
        if (now == fingerprint.State)
        {
            return;
        }

        if (Identity() != fingerprint.Identity || !fingerprint.Known.All(group => HashOf(group.Index) == group.Hash))
        {
            throw new PipelineException($"{Path} has changed since this run began: start again.");
        }

        fingerprint.Touched(now);
    }

    /// <summary>A hash of a row group's pages, of the columns that are read.</summary>
    public UInt128 HashOf(int group)
    {
        var hash = new XxHash128();
        var buffer = new byte[1 << 18];
        var read = Schema.Leaves.Select(leaf => leaf.Physical.Ordinal).Where(ordinal => ordinal != PhysicalField.InNoFile).Order();
        foreach (var chunk in read.Select(ordinal => metadata.RowGroups[group].Columns[ordinal].MetaData!))
        {
            var at = ParquetChunks.StartOf(chunk);
            for (var left = chunk.TotalCompressedSize; left > 0;)
            {
                var count = RandomAccess.Read(stream.SafeFileHandle, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), at);
                if (count == 0)
                {
                    break;
                }

                hash.Append(buffer.AsSpan(0, count));
                at += count;
                left -= count;
            }
        }

        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>
    /// The rows, but for row groups that <paramref name="done"/> covers, with the columns of the dataset; the fingerprint learns the hashes of
    /// their pages.
    /// </summary>
    /// <exception cref="PipelineException">The file is damaged or written to, or a column is stored in a way that cannot be read.</exception>
    public IEnumerable<RowSlice> Read(RowSchema dataset, IntervalSet done, FileFingerprint fingerprint)
    {
        var places = new ColumnPlaces(Schema, dataset, partitions);
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
                fingerprint.Add(index, HashOf(index));
                using var slices = new RowGroupSlices(
                    file, stream, Path, index, group, places.Stored, bounds, (field, chunk) => WholeChunk<uint>.Read(stream, footer, index, field, chunk));
                foreach (var slice in slices.Read(first))
                {
                    CheckUnchanged(fingerprint);
                    yield return places.InDataset(slice);
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
            throw new PipelineException($"cannot read {Path}: {Explain(e)}.", e);
        }
    }

    /// <summary>Length and a hash of the footer, which holds every column chunk's place, size and row count.</summary>
    private string Identity()
    {
        var tail = new byte[8];
        RandomAccess.Read(stream.SafeFileHandle, tail, stream.Length - tail.Length);
        var footer = new byte[BinaryPrimitives.ReadInt32LittleEndian(tail)];
        RandomAccess.Read(stream.SafeFileHandle, footer, stream.Length - tail.Length - footer.Length);
        var hash = Convert.ToHexStringLower(SHA256.HashData(footer).AsSpan(0, 8));
        return string.Create(CultureInfo.InvariantCulture, $"{stream.Length} bytes, {RowCount} rows, footer {hash}");
    }
}
