using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Sources;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    private readonly FileStream stream;
    private readonly FileState state;
    private readonly ChunkStream chunks;
    private readonly ParquetReader reader;
    private readonly ArrowColumns arrow;
    private readonly Dictionary<string, PartitionColumn> partitions;

    private ParquetSourceFile(string path, FileStream stream, FileState state, ChunkStream chunks, ParquetReader reader, ColumnChoice choice, RowSchema schema)
    {
        Path = path;
        partitions = choice.Partitions.ToDictionary(partition => partition.Name);
        this.stream = stream;
        this.state = state;
        this.chunks = chunks;
        this.reader = reader;
        arrow = new ArrowColumns(stream);
        Schema = schema;
    }

    public string Path { get; }

    public RowSchema Schema { get; }

    /// <summary>The footer's entries.</summary>
    public IReadOnlyDictionary<string, string> Metadata => reader.CustomMetadata;

    public long RowCount => reader.RowGroups.Sum(group => group.RowCount);

    /// <exception cref="PipelineException">The file cannot be read, is no Parquet file or lacks a column.</exception>
    public static async Task<ParquetSourceFile> OpenAsync(string path, ColumnChoice choice, CancellationToken cancellationToken)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 16);
            var state = FileState.Of(stream.SafeFileHandle);
            ParquetFooter.Check(stream, path);
            var chunks = new ChunkStream(stream);
            var reader = await ParquetReader.CreateAsync(chunks, leaveStreamOpen: true, cancellationToken: cancellationToken);
            var schema = ParquetColumns.Choose(reader.Metadata!, choice, path);
            ParquetChunks.Check(reader.Metadata!, schema, path);
            PhysicalTypes.Use(reader.Metadata!);
            return new ParquetSourceFile(path, stream, state, chunks, reader, choice, schema);
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
        return new FileFingerprint(Path, Identity(), state, state.Mark(now), [.. reader.RowGroups.Select(group => end += group.RowCount)]);
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
        foreach (var chunk in read.Select(ordinal => reader.Metadata!.RowGroups[group].Columns[ordinal].MetaData!))
        {
            long at = StartOf(chunk);
            for (long left = chunk.TotalCompressedSize; left > 0;)
            {
                int count = RandomAccess.Read(stream.SafeFileHandle, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), at);
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
    /// The row groups that <paramref name="done"/> does not cover, each with its first row's position and its row count, with the columns of
    /// the dataset; the fingerprint learns the hashes of their pages.
    /// </summary>
    /// <exception cref="PipelineException">The file is damaged or written to, or a column is stored in a way that cannot be read.</exception>
    public async IAsyncEnumerable<(Rows Rows, long First, int Count)> ReadAsync(RowSchema dataset, IntervalSet done, FileFingerprint fingerprint)
    {
        var sources = SourcesOf(dataset);
        long first = 0;
        for (int at = 0; at < reader.RowGroupCount; at++)
        {
            long count = reader.RowGroups[at].RowCount;
            if (count > 0 && !done.Covers(first, first + count))
            {
                fingerprint.Add(at, HashOf(at));
                var columns = new ColumnData[dataset.Leaves.Count];
                for (int i = 0; i < columns.Length; i++)
                {
                    columns[i] = await ReadLeafAsync(at, sources[i], dataset.Leaves[i].Physical, first, count);
                }
                CheckUnchanged(fingerprint);
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

    // A dictionary at 0, where the file's magic number is, is none.
    private static long StartOf(ColumnMetaData chunk) =>
        chunk.DictionaryPageOffset is > 0 and var dictionary ? Math.Min(dictionary, chunk.DataPageOffset) : chunk.DataPageOffset;

    // The file's own leaf for each of the dataset's; null where it has none.
    private Leaf?[] SourcesOf(RowSchema dataset)
    {
        var own = Schema.Leaves.ToLookup(leaf => leaf.Column);
        return [.. dataset.Leaves.GroupBy(leaf => leaf.Column).SelectMany(column => column.Select((_, i) => own[column.Key].ElementAtOrDefault(i)))];
    }

    private async Task<ColumnData> ReadLeafAsync(int group, Leaf? own, PhysicalField wanted, long first, long count)
    {
        if (own is null)
        {
            return ColumnData.Nulls(wanted, checked((int)count));
        }
        var data = partitions.TryGetValue(own.Column, out var partition) ? partition.Data(checked((int)count)) : await ReadColumnAsync(group, own, first);
        bool isWider = wanted.ClrType != own.Physical.ClrType || wanted.MaxDefinitionLevel != own.Physical.MaxDefinitionLevel;
        return isWider ? data.As(wanted) : data;
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
            chunks.Bound(StartOf(chunk), chunk.TotalCompressedSize);
            return await PhysicalTypes.ReadAsync(reader.RowGroups[group], field, CancellationToken.None);
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException or OverflowException))
        {
            return arrow.Read(group, field, count);
        }
    }
}
