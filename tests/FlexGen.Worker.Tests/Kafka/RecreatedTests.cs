using FlexGen.Testing.Kafka;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>Positions say which topics they are in: one that is deleted and created anew has the same name and other messages.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class RecreatedTests(KafkaFixture kafka)
{
    private const string Parquet = "{ parquet: { path: out/main } }";
    private const string ParquetErrors = "{ parquet: { path: out/errors } }";

    [Fact]
    public async Task Given_a_topic_created_anew_when_run_to_Parquet_then_it_is_refused_and_other_folders_get_all_of_it()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(source: workspace.KafkaSource("untilEnd: true, columns: [id, text]"), sink: Parquet, deadLetter: ParquetErrors);
        workspace.AskIds(0, 30);
        (await workspace.RunAsync()).Expect(0);
        await Topics.RecreateAsync(kafka.Client, 1, workspace.Requests);
        workspace.AskIds(100, 80);
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains($"positions of {workspace.Requests}[0] in cluster ", error, StringComparison.Ordinal);
        Assert.Contains("but it is now cluster ", error, StringComparison.Ordinal);
        Assert.Contains("other folders", error, StringComparison.Ordinal);
        (await workspace.RunAsync("--set", "sink.parquet.path=out/second", "--set", "deadLetter.parquet.path=out/second-errors")).Expect(0);
        Assert.Equal(80, Workspace.Query<int>($"SELECT count(DISTINCT id::INTEGER) FROM read_parquet('{workspace.At("out/second/*.parquet")}') WHERE id::INTEGER >= 100"));
    }

    [Fact]
    public async Task Given_a_topic_created_anew_while_it_is_read_when_running_then_the_run_ends_and_says_so()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(source: workspace.KafkaSource("start: earliest"));
        workspace.AskIds(0, 30);
        using var worker = workspace.Start();
        await OutageTests.UntilAsync(() => workspace.ResultIds().Count == 30, worker);
        await Topics.RecreateAsync(kafka.Client, 1, workspace.Requests);
        workspace.AskIds(100, 80);
        var error = (await worker.WaitAsync()).Expect(1).Error.Split('\n').First(line => line.StartsWith("error:", StringComparison.Ordinal));
        Assert.Contains($"the topic {workspace.Requests} was deleted and created anew", error, StringComparison.Ordinal);
        Assert.Equal(2, error.Split("cluster ").Length - 1);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Given_a_Parquet_source_whose_sink_was_created_anew_when_run_then_nothing_is_missing_from_it_unnoticed(bool results, bool dead)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        Directory.CreateDirectory(workspace.At("data"));
        Workspace.Query<object>($"COPY (SELECT id, 'text ' || id AS text FROM range(100) t(id)) TO '{workspace.At("data/a.parquet")}' (FORMAT parquet)");
        workspace.WritePipeline(source: "{ parquet: { path: data } }");
        (await workspace.RunAsync()).Expect(0);
        workspace.ExpectEachIdOnce(100);
        string[] recreated = [.. new[] { workspace.Results }.Where(_ => results), .. new[] { workspace.Dead }.Where(_ => dead)];
        await Topics.RecreateAsync(kafka.Client, 1, recreated);
        var result = await workspace.RunAsync();
        if (results && dead)
        {
            // The brokers forgot the positions with the topics.
            result.Expect(0);
            workspace.ExpectEachIdOnce(100);
            return;
        }

        var error = OutageTests.ErrorLine(result.Expect(1));
        Assert.Contains($"the topic {recreated[0]} is not the one that the pipeline 'test' wrote to", error, StringComparison.Ordinal);
        Assert.Contains("another name", error, StringComparison.Ordinal);
    }
}
