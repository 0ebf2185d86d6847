using FlexGen.Testing.Kafka;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>The demo model over its data, by Parquet, and by Kafka with kills. FLEXGEN_FULL takes all of the data instead of its first part.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class DemoModelTests(KafkaFixture kafka)
{
    private const int Kills = 3;
    private static readonly int records = Environment.GetEnvironmentVariable("FLEXGEN_FULL") is null ? 240 : 2000;
    private static readonly string demo = Path.Combine(Repository.Root, "pipelines/demo");

    [Fact]
    public async Task Given_the_demo_requests_in_Kafka_when_run_with_kills_then_results_and_dead_letters_are_those_of_the_Parquet_run()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        Directory.CreateDirectory(workspace.At("data"));
        var data = workspace.At("data/records.parquet");
        Workspace.Query<object>($"COPY (SELECT id, text FROM read_parquet('{demo}/data/*.parquet') ORDER BY id LIMIT {records}) TO '{data}' (FORMAT parquet)");
        workspace.Ask(Rows($"SELECT to_json({{id: id, text: text}})::VARCHAR, '' FROM read_parquet('{data}')").Keys.Select(json => System.Text.Encoding.UTF8.GetBytes(json)));

        WritePipeline(workspace, "{ parquet: { path: data } }", "{ parquet: { path: out/main } }", "{ parquet: { path: out/errors } }");
        (await workspace.RunAsync()).Expect(0);
        var expected = Rows($"SELECT id::VARCHAR, output FROM read_parquet('{workspace.At("out/main/*.parquet")}')");

        // A name of its own in the group: the next process takes the killed one's place at once.
        workspace.Properties.Add("group.instance.id", "the-only-one");
        WritePipeline(workspace, workspace.KafkaSource(), workspace.KafkaSink(workspace.Results), workspace.KafkaSink(workspace.Dead));
        for (var kill = 1; kill <= Kills; kill++)
        {
            var enough = kill * records / (2 * Kills);
            using var worker = workspace.Start();
            while (workspace.ResultIds().Count < enough)
            {
                Assert.False(worker.HasExited, worker.HasExited ? (await worker.WaitAsync()).Error : "");
                await Task.Delay(200);
            }

            worker.Kill();
            await worker.WaitAsync();
        }

        (await workspace.RunAsync()).Expect(0);

        var results = Topics.Read(kafka.Client, workspace.Results);
        Assert.Equal(expected.Count, results.Count);
        Assert.All(results, r => Assert.Equal(expected[$"{KafkaWorkspace.Field(r, "id")}"], KafkaWorkspace.Field(r, "output").GetString()));
        Assert.Equal(records, results.Count + workspace.ReadDead().Count);
    }

    private static void WritePipeline(KafkaWorkspace workspace, string source, string sink, string deadLetter) => File.WriteAllText(workspace.At(KafkaWorkspace.File), $$$"""
        name: demo
        source: {{{source}}}
        prompt:
          template: |-
            Text: {{ text }}
            JSON:
        generation: { maxNewTokens: 64, temperature: 0, stop: ["\n"] }
        model: { path: "{{{demo}}}/model" }
        output: { schema: "{{{demo}}}/record.schema.json" }
        sink: {{{sink}}}
        deadLetter: {{{deadLetter}}}
        """);

    private static Dictionary<string, string> Rows(string sql)
    {
        using var connection = new DuckDB.NET.Data.DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new Dictionary<string, string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0), reader.GetString(1));
        }

        return rows;
    }
}
