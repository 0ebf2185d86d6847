using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>Files that other projects test their readers with: each passes as it is, value and type, or is refused by what it is.</summary>
public sealed class PublicFilesTests : IDisposable
{
    private static readonly string? folder = Find();
    private static readonly Dictionary<string, string> refused = new()
    {
        ["duckdb__arrow_uniform_encryption.parquet"] = "it is encrypted",
        ["duckdb__arrow_uniform_encryption_gist.parquet"] = "it is encrypted",
        ["duckdb__parquet_column_num_values_mismatch.parquet"] = "8 rows and 0 values of 'x'",
    };

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    public static TheoryData<string> Files() =>
        folder is null ? ["(none)"] : [.. Directory.GetFiles(folder, "*.parquet").Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_public_file_passes_as_it_is_or_is_refused_by_what_it_is(string name)
    {
        Assert.SkipWhen(folder is null, "there is no ../shared/parquet with the public files");
        var source = Path.Combine(place.In, name);
        File.Copy(Path.Combine(folder!, name), source);
        var options = place.Options("x");
        if (refused.TryGetValue(name, out var why))
        {
            var refusal = await place.RefusalAsync(options);
            Assert.Contains(why, refusal, StringComparison.Ordinal);
            Assert.Contains(name, refusal, StringComparison.Ordinal);
            return;
        }

        string[] added = ["output", "origin", "error"];
        var columns = Duck.Column($"SELECT name FROM parquet_schema('{source}')");
        if (columns.Intersect(added).Any())
        {
            options.Source.Parquet!.Columns = [.. columns.Skip(1).Except(added)!];
        }

        await place.RunAsync(options);
        var count = Duck.Count($"SELECT coalesce(sum(num_rows), 0)::BIGINT FROM (SELECT DISTINCT row_group_id, row_group_num_rows AS num_rows FROM parquet_metadata('{source}'))");
        if (name.Contains("invalid", StringComparison.Ordinal) && !name.Contains("stats", StringComparison.Ordinal))
        {
            // DuckDB does not read the source.
            Assert.Equal(count, Rows(place.OutFiles) + Rows(place.ErrorFiles));
            Assert.Equal(["invalid_utf8"], Duck.Column($"SELECT DISTINCT error_reason FROM '{place.ErrorFiles}'"));
            return;
        }

        Assert.Equal(count, Rows(place.OutFiles));
        if (count > 0)
        {
            AssertSame($"SELECT {string.Join(", ", options.Source.Parquet!.Columns?.Select(column => $"\"{column}\"") ?? ["*"])} FROM '{source}'");
        }
    }

    private void AssertSame(string source)
    {
        var passed = $"SELECT * EXCLUDE (output, finish_reason, prompt_tokens, completion_tokens) FROM '{place.OutFiles}'";
        Assert.Equal(Types(source), Types(passed));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM (({source} EXCEPT ALL {passed}) UNION ALL ({passed} EXCEPT ALL {source}))"));
    }

    private static List<string?> Types(string query) => Duck.Column($"SELECT column_name || ' ' || column_type FROM (DESCRIBE {query})");

    private static long Rows(string files) => Directory.EnumerateFiles(Path.GetDirectoryName(files)!, "*.parquet").Any() ? Duck.Count($"SELECT count(*) FROM (FROM '{files}')") : 0;

    private static string? Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "FlexGen.Dataflow.sln")))
            {
                var found = Path.GetFullPath(Path.Combine(at, "..", "shared", "parquet"));
                return Directory.Exists(found) ? found : null;
            }
        }

        return null;
    }
}
