using System.Runtime.CompilerServices;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sinks;

namespace FlexGen.Dataflow.Sources;

/// <summary>Reads Parquet files one after another, row group by row group: one row group is being read while the one before is used up.</summary>
internal sealed class ParquetSource : ISource
{
    /// <summary>Records that go through the graph's first blocks together.</summary>
    private const int RecordsTogether = 64;

    private readonly ParquetPath path;
    private readonly PartitionFolders partitions;
    private readonly IList<string>? columns;
    private readonly bool widens;
    private readonly CarriedMetadata metadata = new();

    private ParquetSource(ParquetPath path, ParquetSourceOptions options)
    {
        this.path = path;
        columns = options.Columns;
        widens = options.OnSchemaChange == ParquetSourceOptions.Widen;
        partitions = new PartitionFolders(path.Named, path.Files);
        Files = new SourceFiles(OpenAsync);
    }

    public RowSchema Schema { get; private set; } = RowSchema.Empty;

    public long? TotalRecords { get; private set; } = 0;

    public long? DeletedUnread => null;

    public IReadOnlyDictionary<string, string> Identities => Files.Identities;

    public SourceFiles Files { get; }

    public IReadOnlyDictionary<string, string> Metadata => metadata.Entries(isWhole: columns is null);

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
            throw new PipelineException($"source.parquet.columns: column '{twice.Key}' is given twice.");
        }
        var schema = new DatasetSchema(source.columns, source.widens);
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
        source.Schema = await schema.MakeAsync(async (path, name) =>
        {
            var choice = new ColumnChoice([name], IsMissingTaken: false, Partitions: [], Nullable: new HashSet<string> { name });
            await using var file = await ParquetSourceFile.OpenAsync(path, choice, cancellationToken);
            return file.Schema;
        });
        if (source.path.Files.Count > 0)
        {
            await ParquetColumns.CheckRoundTripAsync(source.Schema, source.FullPath(source.path.Files[0]));
        }
        return source;
    }

    public void CheckDone(Coverage done)
    {
        foreach (var name in path.Files)
        {
            long rows = Files[name].RowCount;
            if (done[name].Intervals is [.., var last] && last.End > rows)
            {
                throw new PipelineException(
                    $"rows up to {last.End} of {FullPath(name)} are said to be done, but it has {rows}: positions or part files are not this source's; write to other folders or give the pipeline another name.");
            }
        }
    }

    public async IAsyncEnumerable<Record[]> ReadAsync(ISink sink, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var records in ReadAllAsync(cancellationToken, sink.CoveredAsync))
        {
            await sink.ExpectAsync(records, cancellationToken);
            yield return records;
        }
    }

    /// <summary>Reads the records that are not done.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="covered">What is done of a file; nothing when not given.</param>
    public async IAsyncEnumerable<Record[]> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken, Func<string, ValueTask<IntervalSet>>? covered = null)
    {
        foreach (var name in path.Files)
        {
            await using var file = await OpenAsync(name, cancellationToken);
            file.CheckUnchanged(Files[name]);
            var assignment = new Assignment(name);
            var doneOfFile = covered is null ? new IntervalSet() : await covered(name);
            await foreach (var (rows, first, count) in file.ReadAsync(Schema, doneOfFile, Files[name]))
            {
                foreach (var records in Records(rows, first, count, doneOfFile, assignment))
                {
                    yield return records;
                }
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    public void Decode(Record[] records)
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<Record[]> Records(Rows rows, long first, int count, IntervalSet done, Assignment assignment) => Enumerable.Range(0, count)
        .Where(row => !done.Contains(first + row))
        .Select(row => new Record(assignment, first + row, rows, row))
        .Chunk(RecordsTogether);

    private Task<ParquetSourceFile> OpenAsync(string name, CancellationToken cancellationToken) =>
        ParquetSourceFile.OpenAsync(FullPath(name), new ColumnChoice(columns, widens, partitions.Of(name)), cancellationToken);

    private string FullPath(string name) => Path.Combine(path.Root, name);
}
