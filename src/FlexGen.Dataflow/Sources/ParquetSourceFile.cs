using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sources;

/// <summary>An open file of a Parquet source.</summary>
internal sealed class ParquetSourceFile : IAsyncDisposable
{
    private readonly FileStream stream;
    private readonly FileState state;
    private readonly ParquetReader reader;
    private readonly Dictionary<string, PartitionColumn> partitions;

    private ParquetSourceFile(string path, FileStream stream, FileState state, ParquetReader reader, ColumnChoice choice, RowSchema schema)
    {
        Path = path;
        partitions = choice.Partitions.ToDictionary(partition => partition.Name);
        this.stream = stream;
        this.state = state;
        this.reader = reader;
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
            var reader = await ParquetReader.CreateAsync(stream, PhysicalTypes.ReadOptions(), leaveStreamOpen: true, cancellationToken);
            return new ParquetSourceFile(path, stream, state, reader, choice, ParquetColumns.Choose(reader, choice, path));
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
        _ => $"it is not a Parquet file, or it is truncated ({e.Message})",
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
        var read = Schema.Leaves.Select(leaf => leaf.Logical.Path.ToString()).ToHashSet();
        var chunks = reader.Metadata!.RowGroups[group].Columns.Select(column => column.MetaData!);
        foreach (var chunk in chunks.Where(chunk => read.Contains(new FieldPath(chunk.PathInSchema).ToString())))
        {
            // A dictionary at 0, where the file's magic number is, is none.
            long at = chunk.DictionaryPageOffset is > 0 and var dictionary ? Math.Min(dictionary, chunk.DataPageOffset) : chunk.DataPageOffset;
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
    /// <exception cref="PipelineException">The file is damaged or written to, or a column has an encoding that Parquet.Net cannot read.</exception>
    public async IAsyncEnumerable<(Rows Rows, long First, int Count)> ReadAsync(RowSchema dataset, IntervalSet done, FileFingerprint fingerprint)
    {
        var sources = SourcesOf(dataset);
        long first = 0;
        for (int at = 0; at < reader.RowGroupCount; at++)
        {
            var group = reader.RowGroups[at];
            int count = checked((int)group.RowCount);
            if (!done.Covers(first, first + count))
            {
                fingerprint.Add(at, HashOf(at));
                var columns = new ColumnData[dataset.Leaves.Count];
                for (int i = 0; i < columns.Length; i++)
                {
                    columns[i] = await ReadLeafAsync(group, sources[i], dataset.Leaves[i].Physical, first, count);
                }
                CheckUnchanged(fingerprint);
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

    // The file's own leaf for each of the dataset's; null where it has none.
    private Leaf?[] SourcesOf(RowSchema dataset)
    {
        var own = Schema.Leaves.ToLookup(leaf => leaf.Column);
        return [.. dataset.Leaves.GroupBy(leaf => leaf.Column).SelectMany(column => column.Select((_, i) => own[column.Key].ElementAtOrDefault(i)))];
    }

    private async Task<ColumnData> ReadLeafAsync(ParquetRowGroupReader group, Leaf? own, DataField wanted, long first, int count)
    {
        if (own is null)
        {
            return ColumnData.Nulls(wanted, count);
        }
        var data = partitions.TryGetValue(own.Column, out var partition) ? partition.Data(count) : await ReadColumnAsync(group, own, first, count);
        bool isWider = wanted.ClrType != own.Physical.ClrType || wanted.MaxDefinitionLevel != own.Physical.MaxDefinitionLevel;
        return isWider ? data.As(wanted) : data;
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
