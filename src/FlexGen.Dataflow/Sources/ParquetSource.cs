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
    private readonly IList<string>? columns;
    private readonly Dictionary<string, string> identities = [];
    private TextCheck texts = new(RowSchema.Empty);

    private ParquetSource(ParquetPath path, IList<string>? columns)
    {
        this.path = path;
        this.columns = columns;
    }

    public RowSchema Schema { get; private set; } = RowSchema.Empty;

    public long? TotalRecords { get; private set; } = 0;

    public IReadOnlyDictionary<string, string> Identities => identities;

    /// <summary>Whether a Parquet file in <paramref name="folder"/> is, or would be, a file of this source.</summary>
    public bool Reads(string folder) => path.Files.Any(file => Path.GetDirectoryName(FullPath(file)) == folder)
        || (path.IsRecursive && folder.StartsWith(path.Root + "/", StringComparison.Ordinal));

    /// <summary>Opens every file once and checks it.</summary>
    /// <exception cref="PipelineException">A file is missing, damaged, or unlike the first.</exception>
    public static async Task<ParquetSource> OpenAsync(ParquetSourceOptions options, string baseDirectory, CancellationToken cancellationToken)
    {
        var source = new ParquetSource(ParquetPath.Resolve(options.Path, baseDirectory), options.Columns);
        if (options.Columns?.GroupBy(column => column).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new PipelineException($"source.parquet.columns: column '{twice.Key}' is given twice.");
        }
        foreach (var name in source.path.Files)
        {
            await using var file = await source.OpenAsync(name, cancellationToken);
            if (source.identities.Count == 0)
            {
                source.Schema = file.Schema;
                source.texts = new TextCheck(file.Schema);
            }
            else
            {
                source.CheckAgrees(file);
            }
            source.TotalRecords += file.RowCount;
            source.identities.Add(name, file.Identity());
        }
        return source;
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
            if (file.Identity() != identities[name])
            {
                throw new PipelineException($"{file.Path} has changed since this run began: start again.");
            }
            var assignment = new Assignment(name);
            var doneOfFile = covered is null ? new IntervalSet() : await covered(name);
            await foreach (var (rows, first, count) in file.ReadAsync(doneOfFile))
            {
                foreach (var records in Records(rows, first, count, doneOfFile, assignment))
                {
                    yield return records;
                }
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    public void Decode(Record[] records) => texts.Check(records);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<Record[]> Records(Rows rows, long first, int count, IntervalSet done, Assignment assignment) => Enumerable.Range(0, count)
        .Where(row => !done.Contains(first + row))
        .Select(row => new Record(assignment, first + row, rows, row))
        .Chunk(RecordsTogether);

    private Task<ParquetSourceFile> OpenAsync(string name, CancellationToken cancellationToken) =>
        ParquetSourceFile.OpenAsync(FullPath(name), columns, cancellationToken);

    private string FullPath(string name) => Path.Combine(path.Root, name);

    private void CheckAgrees(ParquetSourceFile file)
    {
        var first = FullPath(path.Files[0]);
        foreach (var column in Schema.Names.Union(file.Schema.Names))
        {
            var expected = ParquetColumns.Describe(Schema, column);
            var found = ParquetColumns.Describe(file.Schema, column);
            if (expected != found)
            {
                throw new PipelineException(
                    $"the files of one dataset must have the same columns: column '{column}' is {Or(found)} in {file.Path}, "
                    + $"but {Or(expected)} in {first}.");
            }
        }
        if (!Schema.Names.SequenceEqual(file.Schema.Names))
        {
            throw new PipelineException(
                $"the files of one dataset must have their columns in the same order, but {file.Path} and {first} differ: "
                + "name the columns in source.parquet.columns.");
        }
    }

    private static string Or(string description) => description.Length > 0 ? description : "missing";
}
