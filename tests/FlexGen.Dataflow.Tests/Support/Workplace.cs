using System.Globalization;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Generation;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>A temporary folder with a pipeline from <c>in</c> to <c>out</c> and <c>errors</c>.</summary>
internal sealed class Workplace : IDisposable
{
    public Workplace() => Directory.CreateDirectory(In);

    public string Root { get; } = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public string In => Path.Combine(Root, "in");

    public string Out => Path.Combine(Root, "out");

    public string Errors => Path.Combine(Root, "errors");

    public string OutFiles => Path.Combine(Out, "*.parquet");

    public string ErrorFiles => Path.Combine(Errors, "*.parquet");

    public PipelineOptions Options(string template = "{{ text }}", long maxRows = 1_000_000) => new()
    {
        Name = "test",
        Source = { Parquet = new ParquetSourceOptions { Path = "in" } },
        Prompt = { Template = template },
        Sink = { Parquet = new ParquetSinkOptions { Path = "out", MaxRows = maxRows } },
        DeadLetter = { Parquet = new ParquetSinkOptions { Path = "errors", MaxRows = maxRows } },
    };

    public void WriteSource(string query, string name = "a.parquet", string options = "") =>
        Duck.Write(query, Path.Combine(In, name), options);

    /// <summary>Rows of an id from 0 and a text that names it.</summary>
    public void WriteIds(int count, string name = "a.parquet", int from = 0, string options = "") =>
        WriteSource($"SELECT i AS id, 'text ' || i AS text FROM range({from}, {from + count}) t(i)", name, options);

    public async Task<PipelineSummary> RunAsync(
        PipelineOptions options,
        IGenerator? generator = null,
        FileOperations? files = null,
        TimeProvider? time = null,
        CancellationToken stop = default)
    {
        await using var pipeline = await OpenAsync(options, files, time);
        return await pipeline.RunAsync(generator ?? new EchoGenerator(16, null, 0, TimeProvider.System), stop);
    }

    public Task<Pipeline> OpenAsync(PipelineOptions options, FileOperations? files = null, TimeProvider? time = null) =>
        Pipeline.OpenAsync(
            options, Root, NullLoggerFactory.Instance, time ?? TimeProvider.System, files ?? new FileOperations(), CancellationToken.None);

    /// <summary>Runs a pipeline that must be refused, and returns why.</summary>
    public async Task<string> RefusalAsync(PipelineOptions options) =>
        (await Assert.ThrowsAnyAsync<PipelineException>(() => RunAsync(options))).Message;

    /// <summary>Every id from 0 to <paramref name="count"/> is in output or dead letter, once.</summary>
    public void AssertEachIdOnce(int count)
    {
        string?[] folders = [Ids(Out, OutFiles), Ids(Errors, ErrorFiles)];
        var all = string.Join(" UNION ALL ", folders.Where(ids => ids is not null));
        var row = Duck.Query($"SELECT count(*), count(DISTINCT id), min(id), max(id) FROM ({all})")[0];
        Assert.Equal([count, count, 0, count - 1], row.Select(value => Convert.ToInt64(value, CultureInfo.InvariantCulture)));
    }

    /// <summary>Name, length and time of every part file.</summary>
    public string[] Parts() =>
    [
        .. new[] { Out, Errors }.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*.parquet")).Order()
            .Select(file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file):O}"),
    ];

    public string[] Temporaries() =>
        [.. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".tmp", StringComparison.Ordinal))];

    private static string? Ids(string folder, string files) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.parquet").Any() ? $"SELECT id FROM '{files}'" : null;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
