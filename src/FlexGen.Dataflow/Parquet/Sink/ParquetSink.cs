using System.Collections.Immutable;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>Writes part files into a folder. A part file's footer says which records are in it, so file and positions are one.</summary>
internal sealed class ParquetSink : IAsyncDisposable
{
    private const int RowsPerGroup = 10_000;
    private const long BytesPerGroup = 16 << 20;

    /// <summary>Where few of the records that were read together come here, those few would keep all in memory.</summary>
    private const long BytesKept = 64 << 20;

    private readonly FileOperations files;
    private readonly ParquetSinkLayout layout;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly FolderLock folderLock;
    private readonly List<Record> pending = [];
    private readonly HashSet<Rows> kept = new(ReferenceEqualityComparer.Instance);
    private Coverage inPart = new();
    private PartFile? part;
    private int nextNumber;
    private long pendingBytes;
    private long keptBytes;
    private long rows;
    private long firstAt;

    private ParquetSink(FileOperations files, ParquetSinkLayout layout, TimeProvider time, ILogger log, FolderLock folderLock, PartFolder found)
    {
        this.files = files;
        this.layout = layout;
        this.time = time;
        this.log = log;
        this.folderLock = folderLock;
        nextNumber = found.NextNumber;
        Found = found;
    }

    /// <summary>What was there when the folder was taken.</summary>
    public PartFolder Found { get; }

    /// <summary>Where streams begin; given what is found before anything is written.</summary>
    public IReadOnlyDictionary<string, long> Starts { get; set; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>The positions whose records are in finished part files; given what is found before anything is written.</summary>
    public Coverage Covered { get; set; } = new();

    /// <summary>Takes the folder for this process, removes what a crash left there and reads what is there.</summary>
    /// <exception cref="PipelineException">The folder is in use, cannot be written to, or holds what this pipeline did not write.</exception>
    public static async Task<ParquetSink> OpenAsync(
        FileOperations files, ParquetSinkLayout layout, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var folderLock = FolderLock.Take(layout.Folder);
        try
        {
            foreach (var temporary in PartName.Temporaries(layout.Folder))
            {
                Log.TemporaryRemoved(log, temporary);
                files.Delete(temporary);
            }
            var found = await PartFolder.ReadAsync(layout, cancellationToken);
            return new ParquetSink(files, layout, time, log, folderLock, found);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Takes a record; may commit.</summary>
    public async ValueTask WriteAsync(Record record)
    {
        if (rows == 0)
        {
            firstAt = time.GetTimestamp();
        }
        pending.Add(record);
        pendingBytes += record.Rows.Bytes(record.Row) + ((record.Completion?.Text.Length ?? 0) * sizeof(char));
        rows++;
        Keep(record.Rows);
        if (pending.Count >= RowsPerGroup || pendingBytes >= BytesPerGroup)
        {
            await WriteRowGroupAsync();
        }
        if (rows >= layout.Options.MaxRows)
        {
            await CommitAsync();
        }
    }

    /// <summary>Commits if the first record of the part file has waited long enough.</summary>
    public ValueTask CommitIfDueAsync() =>
        rows > 0 && time.GetElapsedTime(firstAt) >= layout.Options.MaxAge ? CommitAsync() : ValueTask.CompletedTask;

    /// <summary>Finishes the part file: its records and the positions they came from become durable.</summary>
    public async ValueTask CommitAsync()
    {
        if (rows > 0 || (layout.HasSchemaOnly && nextNumber == 0))
        {
            await WriteRowGroupAsync();
            await FinishAsync();
        }
    }

    /// <summary>Writes a part file without rows that says where streams begin.</summary>
    public async ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts)
    {
        foreach (var stream in starts.Keys)
        {
            _ = inPart[stream];
        }
        await FinishAsync();
    }

    /// <summary>Writes a part file without rows that says which streams go by other names.</summary>
    public ValueTask NoteAsync(IReadOnlyList<StreamMove> moves) => FinishAsync(moves);

    private async ValueTask FinishAsync(IReadOnlyList<StreamMove>? moves = null)
    {
        try
        {
            part ??= await PartFile.CreateAsync(files, layout.Folder, nextNumber++, layout.Rows, layout.Added);
            var metadata = PartMetadata.Of(layout.Pipeline, layout.Source.Identities, layout.Source.Files, inPart, Starts);
            await part.CommitAsync((metadata with { Moves = moves }).ToFooter(layout.Source.Metadata));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
        Log.PartCommitted(log, part.Path, rows);
        Covered.Add(inPart);
        part = null;
        inPart = new Coverage();
        rows = 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (part is not null)
        {
            await part.DisposeAsync();
        }
        folderLock.Dispose();
    }

    private async ValueTask WriteRowGroupAsync()
    {
        if (pending.Count == 0)
        {
            return;
        }
        pending.Sort(Record.CompareByOrigin);
        try
        {
            part ??= await PartFile.CreateAsync(files, layout.Folder, nextNumber++, layout.Rows, layout.Added);
            await part.WriteRowGroupAsync(pending);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
        catch (OutOfMemoryException e)
        {
            throw new PipelineException(
                $"cannot write {pending.Count} records of {pendingBytes} bytes to {layout.Folder}, from {pending[0].Origin} on: they do not fit into memory. "
                + "Leave large columns out with source.parquet.columns, lower source.parquet.maxValueBytes, or give the process more memory.",
                e);
        }
        foreach (var record in pending)
        {
            if (!inPart[record.Assignment.Stream].Add(record.CoversFrom, record.Position + 1))
            {
                throw new InvalidOperationException($"{record.Origin} reached the sink twice.");
            }
        }
        pending.Clear();
        kept.Clear();
        (pendingBytes, keptBytes) = (0, 0);
    }

    private void Keep(Rows read)
    {
        if (!kept.Add(read))
        {
            return;
        }
        keptBytes += read.Bytes();
        if (keptBytes > BytesKept)
        {
            pending.ForEach(record => record.Detach());
            kept.Clear();
            keptBytes = 0;
        }
    }

    private PipelineException CannotWrite(Exception e) => new(
        $"cannot write to {layout.Folder}: {e.Message.TrimEnd('.')}. Finished part files stay; free space or mend the folder, "
        + "and start again to go on from there.",
        e);
}
