using System.Runtime.CompilerServices;
using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Reads Parquet files one after another, a few rows at a time.</summary>
internal sealed class ParquetSource : ISource
{
    private readonly ParquetPath path;
    private readonly ParquetSourceOptions options;
    private readonly PartitionFolders partitions;
    private readonly bool widens;
    private readonly CarriedMetadata metadata = new();
    private TextCheck texts = new(RowSchema.Empty);

    private ParquetSource(ParquetPath path, ParquetSourceOptions options)
    {
        this.path = path;
        this.options = options;
        widens = options.OnSchemaChange == ParquetSourceOptions.Widen;
        partitions = new PartitionFolders(path.Named, path.Files);
        Files = new SourceFiles(HashAsync);
    }

    public RowSchema Schema { get; private set; } = RowSchema.Empty;

    public long? TotalRecords { get; private set; } = 0;

    public long? DeletedUnread => null;

    public IReadOnlyDictionary<string, string> Identities => Files.Identities;

    public SourceFiles Files { get; }

    public IReadOnlyDictionary<string, string> Metadata => metadata.Entries(isWhole: options.Columns is null);

    /// <summary>Whether a Parquet file in <paramref name="folder"/> is, or would be, a file of this source.</summary>
    public bool Reads(string folder) => path.Walk.Reaches(folder, PartName.Of(0));

    /// <summary>Opens every file once and checks it.</summary>
    /// <exception cref="PipelineException">A file is missing, damaged, or unlike the first.</exception>
    public static async Task<ParquetSource> OpenAsync(
        ParquetSourceOptions options, string baseDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        // A walk may take long, and whoever asks for it can end it.
        var path = await Task.Run(() => ParquetPath.Resolve(options.Path, baseDirectory, cancellationToken), cancellationToken);
        var source = new ParquetSource(path, options);
        if (options.Columns?.GroupBy(column => column).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new PipelineDefinitionException($"source.parquet.columns: column '{twice.Key}' is given twice.");
        }

        var schema = new DatasetSchema(options.Columns, source.widens);
        foreach (var name in source.path.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = time.GetUtcNow();
            await using var file = await source.OpenAsync(name, cancellationToken);
            schema.Add(file);
            source.metadata.Add(file.Metadata);
            source.TotalRecords += file.RowCount;
            source.Files.Add(name, file.Fingerprint(now));
        }

        source.Schema = schema.Make();
        source.texts = new TextCheck(source.Schema);
        return source;
    }

    public void CheckDone(Coverage done)
    {
        foreach (var name in path.Files)
        {
            var rows = Files[name].RowCount;
            if (done[name].Intervals is [.., var last] && last.End > rows)
            {
                throw new PipelineException(
                    $"rows up to {last.End} of {FullPath(name)} are said to be done, but it has {rows}: positions or part files are not "
                        + "this source's; write to other folders or give the pipeline another name.");
            }
        }
    }

    public async IAsyncEnumerable<Record[]> ReadAsync(ILedger ledger, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var records in ReadAllAsync(cancellationToken, ledger.Done))
        {
            await ledger.ExpectAsync(records, cancellationToken);
            yield return records;
        }
    }

    /// <summary>Reads the records that are not done.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="done">What is done of a file; nothing when not given.</param>
    public async IAsyncEnumerable<Record[]> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken, Func<string, IntervalSet>? done = null)
    {
        foreach (var name in path.Files)
        {
            await using var file = await OpenAsync(name, cancellationToken);
            file.CheckUnchanged(Files[name]);
            var assignment = new Assignment(name);
            var doneOfFile = done?.Invoke(name) ?? new IntervalSet();
            foreach (var slice in file.Read(Schema, doneOfFile, Files[name]))
            {
                if (Records(slice, doneOfFile, assignment) is { Length: > 0 } records)
                {
                    yield return records;
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    public void Decode(Record[] records) => texts.Check(records);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Record[] Records(RowSlice slice, IntervalSet done, Assignment assignment)
    {
        Record?[] records = [.. Enumerable.Range(0, slice.Count)
            .Select(row => done.Contains(slice.First + row) ? null : new Record(assignment, slice.First + row, slice.Rows, row))];
        foreach (var value in slice.LeftOut)
        {
            if (records[value.Row] is { } record)
            {
                LeaveOut(record, value);
            }
        }

        return [.. records.OfType<Record>()];
    }

    private void LeaveOut(Record record, LeftOut value)
    {
        record.Fail(value.Reason, value.Message);
        var column = Schema.Leaves[value.Leaf].Column;
        // Of a nested column all leaves: one that lacks a row's values no longer fits the others.
        var columns = record.Rows.Columns.Zip(Schema.Leaves, (data, leaf) => leaf.Column == column ? data.Blank() : data);
        record.Decode(new Rows([.. columns]), row: 0);
    }

    private Task<ParquetSourceFile> OpenAsync(string name, CancellationToken cancellationToken) =>
        ParquetSourceFile.OpenAsync(FullPath(name), new ColumnChoice(options.Columns, widens, partitions.Of(name)),
            new ReadBounds(options.MaxValueBytes, options.OpenPageBytes, options.MostPageBytes), cancellationToken);

    private async Task HashAsync(string name, IReadOnlyList<int> groups, FileFingerprint fingerprint, CancellationToken cancellationToken)
    {
        await using var file = await OpenAsync(name, cancellationToken);
        foreach (var group in groups)
        {
            cancellationToken.ThrowIfCancellationRequested();
            fingerprint.Add(group, file.HashOf(group));
        }

        file.CheckUnchanged(fingerprint);
    }

    private string FullPath(string name) => Path.Combine(path.Root, name);
}
