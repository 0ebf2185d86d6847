using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Kafka;

[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class KafkaKillTests(KafkaFixture kafka, ITestOutputHelper output)
{
    private const int Kills = 20;
    private const int Records = 40_000;

    [Fact]
    public async Task Given_kills_at_random_moments_when_run_from_Kafka_to_Parquet_then_each_record_is_there_once()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        // A name of its own in the group: the next process takes the killed one's place at once, not when its session has timed out.
        workspace.Properties.Add("group.instance.id", "the-only-one");
        workspace.WritePipeline(
            source: workspace.KafkaSource("untilEnd: true, columns: [id, text]"),
            sink: "{ parquet: { path: out/main, maxRows: 500 } }", deadLetter: "{ parquet: { path: out/errors } }", model: "{ echo: true, echoMaxDelay: \"00:00:00.200\" }");
        workspace.AskIds(0, Records);
        await KillAsync(workspace, Kills);
        (await workspace.RunAsync()).Expect(0);

        var files = workspace.At("out/main/*.parquet");
        Assert.Equal(Records, Workspace.Query<int>($"SELECT count(*) FROM read_parquet('{files}')"));
        Assert.Equal(Records, Workspace.Query<int>($"SELECT count(DISTINCT id::INTEGER) FROM read_parquet('{files}') WHERE id::INTEGER BETWEEN 0 AND {Records - 1}"));
    }

    [Fact]
    public async Task Given_kills_at_random_moments_when_run_from_Parquet_to_Kafka_then_each_record_is_there_once()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        Directory.CreateDirectory(workspace.At("data"));
        for (var file = 0; file < 4; file++)
        {
            Workspace.Query<object>($"""
                COPY (SELECT id, 'text ' || id AS text FROM range({file * Records / 4}, {(file + 1) * Records / 4}) t(id))
                TO '{workspace.At($"data/{file}.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 2048)
                """);
        }

        workspace.WritePipeline(source: "{ parquet: { path: data } }", model: "{ echo: true, echoMaxDelay: \"00:00:00.200\" }");
        await KillAsync(workspace, Kills);
        (await workspace.RunAsync()).Expect(0);
        workspace.ExpectEachIdOnce(Records);
        // The same files by another path.
        workspace.WritePipeline(source: "{ parquet: { path: '*/[0-9].parquet' } }");
        (await workspace.RunAsync()).Expect(0);
        workspace.ExpectEachIdOnce(Records);
        // Changed by then, it is not taken for a new file.
        Workspace.Query<object>(
            $"COPY (SELECT id, 'other ' || id AS text FROM range({Records / 4}) t(id)) TO '{workspace.At("data/0.parquet")}' (FORMAT parquet)");
        Assert.Contains("the source file data/0.parquet has changed", OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1)), StringComparison.Ordinal);
        workspace.ExpectEachIdOnce(Records);
    }

    private async Task KillAsync(KafkaWorkspace workspace, int kills)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var ended = 0;
        for (var kill = 0; kill < kills; kill++)
        {
            using var process = workspace.Start();
            await Task.Delay(random.Next(300, 2500));
            ended += process.HasExited ? 1 : 0;
            process.Kill();
            await process.WaitAsync();
        }

        output.WriteLine($"{kills} kills, {ended} of them after the run had ended");
        Assert.True(ended < kills / 2, $"{ended} of {kills} runs ended before they were killed");
    }
}
