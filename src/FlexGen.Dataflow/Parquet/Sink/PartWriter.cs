using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>
/// Writes part files into a folder. A part file's footer says which records are in it, so file and positions are one. Not safe for several
/// threads; the folder is its own to dispose of.
/// </summary>
internal sealed class PartWriter(
    TakenFolder folder,
    ParquetSinkLayout layout,
    PartCoverage covered,
    PartTopics topics,
    FileOperations files,
    TimeProvider time,
    ILogger log) : IAsyncDisposable
{
    private const int RowsPerGroup = 10_000;
    private const long BytesPerGroup = 16 << 20;

    /// <summary>Where few of the records that were read together come here, those few would keep all in memory.</summary>
    private const long BytesKept = 64 << 20;

    private readonly List<Record> pending = [];
    private readonly HashSet<Rows> kept = new(ReferenceEqualityComparer.Instance);
    private Coverage inPart = new();
    private PartFile? part;
    private int nextNumber = folder.Found.NextNumber;
    private long pendingBytes;
    private long keptBytes;
    private long rows;
    private long firstAt;

    /// <summary>Takes a record; may commit.</summary>
    public async ValueTask WriteAsync(Record record)
    {
        if (rows == 0)
        {
            firstAt = time.GetTimestamp();
        }

        pending.Add(record);
        pendingBytes += record.Rows.Bytes(record.Row) + (record.Results?.Bytes() ?? 0)
            + (((record.Completion?.Text.Length ?? 0) + (record.Completion?.Reasoning?.Length ?? 0)) * sizeof(char));
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
    public async ValueTask BeginAsync(IEnumerable<string> streams)
    {
        foreach (var stream in streams)
        {
            _ = inPart[stream];
        }

        await FinishAsync();
    }

    /// <summary>Writes a part file without rows that says which streams go by other names.</summary>
    public ValueTask NoteAsync(IReadOnlyList<StreamMove> moves) => FinishAsync(moves);

    public async ValueTask DisposeAsync()
    {
        if (part is not null)
        {
            await part.DisposeAsync();
        }

        folder.Dispose();
    }

    private async ValueTask FinishAsync(IReadOnlyList<StreamMove>? moves = null)
    {
        try
        {
            part ??= await PartFile.CreateAsync(files, layout.Folder, nextNumber++, layout.Held, layout.Added);
            var metadata = PartMetadata.Of(layout.Pipeline, layout.Source.Identities, layout.Source.Files, inPart, topics.Starts);
            await part.CommitAsync((metadata with { Moves = moves }).ToFooter(layout.Source.Metadata));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }

        Log.PartCommitted(log, part.Path, rows);
        covered.Add(inPart);
        part = null;
        inPart = new Coverage();
        rows = 0;
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
            part ??= await PartFile.CreateAsync(files, layout.Folder, nextNumber++, layout.Held, layout.Added);
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
