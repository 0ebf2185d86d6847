using System.Text.Json;
using DuckDB.NET.Data;
using FlexGen.Demo.Data;

namespace FlexGen.Demo.Tests;

/// <summary>
/// The committed model as users run it, held against the answers that the generator of its texts knows. No name in these texts was in
/// the training: <see cref="NameSet.Test"/> and <see cref="NameSet.Train"/> have no word in common.
/// </summary>
[Trait("Category", "Long")]
public sealed class ExtractDemoTests : IDisposable
{
    private const int DataSeed = 7;
    private const int UnseenSeed = 2;
    private const double LeastExact = 0.95;
    private static readonly TimeSpan hangGuard = TimeSpan.FromMinutes(15);
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_demo_answers_each_text_and_puts_the_poison_into_the_dead_letter()
    {
        var result = await RunAsync(
            "run", "pipelines/extract-demo.yaml", "--set", $"sink.parquet.path={At("out")}", "--set", $"deadLetter.parquet.path={At("errors")}", "--json");

        var report = JsonElement.Parse(result.Output);
        Assert.Equal(["2000", "1995", "5", "3", "2"],
            new[] { "total_records", "records", "errors", "errors_null_value", "errors_prompt_too_long" }.Select(key => report.GetProperty(key).GetRawText()));
        Assert.True(report.GetProperty("completion_tokens").GetInt64() > 1995 && report.GetProperty("tokens_per_second").GetDouble() > 0, result.Output);
        Assert.Equal([At("out"), At("errors")], new[] { "output", "dead_letter" }.Select(key => report.GetProperty(key).GetString()));
        Assert.Equal(
            ["id", "text", "output", "finish_reason", "prompt_tokens", "completion_tokens"],
            Column($"SELECT column_name FROM (DESCRIBE SELECT * FROM '{At("out/*.parquet")}')"));
        Assert.Equal(
            ["201 null_value", "601 prompt_too_long", "1001 null_value", "1401 prompt_too_long", "1801 null_value"],
            Column($"SELECT id || ' ' || error_reason FROM '{At("errors/*.parquet")}' ORDER BY id"));
        Assert.Equal(
            ["2000 2000 1 2000"],
            Column($"""
                SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(id) || ' ' || max(id)
                FROM (SELECT id FROM '{At("out/*.parquet")}' UNION ALL SELECT id FROM '{At("errors/*.parquet")}')
                """));
        var expected = RecordSet.Make(NameSet.Test, DataSeed, 2000).Select((record, n) => $"{n + 1}{record.Completion}");
        Assert.InRange(Column($"SELECT id || output FROM '{At("out/*.parquet")}' WHERE finish_reason = 'stop'").Intersect(expected).Count() / 1995.0, LeastExact, 1);
    }

    /// <summary>Without compression all of them are; 4 bits may cost half a per cent.</summary>
    [Theory]
    [InlineData("none", "none", LeastExact)]
    [InlineData("int4", "int4", 0.995)]
    public async Task A_thousand_unseen_records_of_another_seed_are_answered_exactly(string weights, string cache, double least)
    {
        var records = RecordSet.Make(NameSet.Test, UnseenSeed, 1000);
        await File.WriteAllLinesAsync(At("prompts.jsonl"), records.Select((r, n) => JsonSerializer.Serialize(new { id = n, prompt = r.Prompt })));

        await RunAsync("generate", "--model", "pipelines/demo/model", "--input", At("prompts.jsonl"), "--output", At("completions.jsonl"),
            "--compress-weights", weights, "--compress-kv", cache);

        var completions = File.ReadLines(At("completions.jsonl")).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal(Enumerable.Range(0, 1000), completions.Select(c => c.GetProperty("id").GetInt32()));
        Assert.InRange(completions.Where((c, n) => c.GetProperty("text").GetString() == records[n].Completion).Count() / 1000.0, least, 1);
    }

    private static async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        using var process = FlexGenProcess.Start(Repository.Root, arguments);
        return (await process.WaitAsync(hangGuard)).Expect(0);
    }

    private string At(string path) => Path.Combine(folder, path);

    private static List<string> Column(string sql)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var values = new List<string>();
        while (reader.Read())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }
}
