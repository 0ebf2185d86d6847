using System.Security.Cryptography;
using DuckDB.NET.Data;

namespace FlexGen.Worker.Tests.Support;

/// <summary>A folder with a dataset and a pipeline file over it, removed at the end.</summary>
internal sealed class Workspace : IDisposable
{
    public const string File = "pipeline.yaml";

    /// <summary>Every record of these ids has no text, so that it belongs into the dead letter.</summary>
    public const int PoisonEvery = 97;

    /// <summary>The trained model that comes with the repository.</summary>
    public static string DemoModel { get; } = Path.Combine(Repository.Root, "pipelines/demo/model");

    public string Folder { get; } = Directory.CreateTempSubdirectory("flexgen-").FullName;

    /// <summary>Records 0 to <paramref name="records"/> - 1 in <paramref name="files"/> Parquet files, made by DuckDB.</summary>
    public void WriteDataset(int records, int files = 3)
    {
        Directory.CreateDirectory(At("data"));
        for (var i = 0; i < files; i++)
        {
            Query<object>($"""
                COPY (SELECT id, CASE WHEN id % {PoisonEvery} = 0 THEN NULL ELSE 'text ' || id END AS text FROM range({(long)records * i / files}, {(long)records * (i + 1) / files}) t(id))
                TO '{At($"data/{i}.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 2048)
                """);
        }
    }

    public void WritePipeline(string model = "{ echo: true }", string more = "", string rows = "1000") => System.IO.File.WriteAllText(At(File), $$$"""
        name: test
        source:
          parquet: { path: data, columns: [id, text] }
        prompt:
          template: "Text: {{ text }}"
        generation: { maxNewTokens: 4 }
        model: {{{model}}}
        sink:
          parquet: { path: out/main, maxRows: {{{rows}}} }
        deadLetter:
          parquet: { path: out/errors, maxRows: {{{rows}}} }
        {{{more}}}
        """);

    public string At(string path) => Path.Combine(Folder, path);

    public Task<ProcessResult> RunAsync(params string[] arguments) => FlexGenProcess.RunAsync(Folder, arguments);

    public FlexGenProcess Start(params string[] arguments) => FlexGenProcess.Start(Folder, arguments);

    /// <summary>Each finished part file with its hash.</summary>
    public IEnumerable<(string Path, string Hash)> Parts() =>
        from folder in new[] { At("out/main"), At("out/errors") }
        where Directory.Exists(folder)
        from path in Directory.EnumerateFiles(folder, "*.parquet")
        where !Path.GetFileName(path).StartsWith('.')
        select (path, Hash(path));

    /// <summary>Fails unless each id is exactly once in output or dead letter, and in the one where it belongs.</summary>
    public void ExpectEachRecordOnce(int records)
    {
        Assert.Equal((records, records), Count("main", $"id % {PoisonEvery} <> 0", "errors", $"id % {PoisonEvery} = 0"));
    }

    public static string Hash(string path) => Convert.ToHexString(SHA256.HashData(System.IO.File.ReadAllBytes(path)));

    public static T Query<T>(string sql)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType(command.ExecuteScalar() ?? 0, typeof(T) == typeof(object) ? typeof(long) : typeof(T), null);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private (int Rows, int Ids) Count(string output, string isOutput, string deadLetter, string isDeadLetter)
    {
        var all = $"""
            (SELECT id FROM read_parquet('{At($"out/{output}/*.parquet")}') WHERE {isOutput}
             UNION ALL SELECT id FROM read_parquet('{At($"out/{deadLetter}/*.parquet")}') WHERE {isDeadLetter})
            """;
        var every = $"""
            (SELECT id FROM read_parquet('{At($"out/{output}/*.parquet")}') UNION ALL SELECT id FROM read_parquet('{At($"out/{deadLetter}/*.parquet")}'))
            """;
        return (Query<int>($"SELECT count(*) FROM {every}"), Query<int>($"SELECT count(DISTINCT id) FROM {all}"));
    }
}
