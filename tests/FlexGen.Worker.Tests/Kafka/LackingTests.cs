using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>What a Parquet sink lacks is read, whatever the group has committed.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class LackingTests(KafkaFixture kafka)
{
    private const int Records = 3000;

    [Fact]
    public async Task Given_part_files_that_were_removed_when_run_again_then_their_records_and_no_others_come_back_and_other_folders_get_all()
    {
        using var workspace = await WorkspaceAsync("earliest", maxRows: 500);
        workspace.AskIds(0, Records);
        (await workspace.RunAsync()).Expect(0);
        var parts = Parts(workspace);
        Assert.Equal(Records / 500, parts.Length);
        // The first, whose place no interval holds, and one between others.
        File.Delete(parts[0]);
        File.WriteAllText(parts[3], "damaged");
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains($"{parts[3]}", error, StringComparison.Ordinal);
        Assert.Contains("remove it to redo its records", error, StringComparison.Ordinal);
        File.Delete(parts[3]);
        var again = (await workspace.RunAsync("--json")).Expect(0);
        Assert.Contains("\"records\":1000,", again.Output, StringComparison.Ordinal);
        ExpectEachIdOnce(workspace, "main", 0, Records);

        var other = (await workspace.RunAsync("--set", "sink.parquet.path=out/second", "--set", "deadLetter.parquet.path=out/second-errors")).Expect(0);
        Assert.Contains("read again", other.Error, StringComparison.Ordinal);
        ExpectEachIdOnce(workspace, "second", 0, Records);
    }

    [Fact]
    public async Task Given_a_start_that_moves_when_run_again_without_a_part_file_then_it_is_where_it_was()
    {
        using var workspace = await WorkspaceAsync("latest", maxRows: 500);
        workspace.AskIds(0, 100);
        (await workspace.RunAsync()).Expect(0);
        workspace.AskIds(100, 50);
        (await workspace.RunAsync()).Expect(0);
        ExpectEachIdOnce(workspace, "main", 100, 50);
        File.Delete(Parts(workspace)[^1]);
        (await workspace.RunAsync()).Expect(0);
        ExpectEachIdOnce(workspace, "main", 100, 50);
    }

    private async Task<KafkaWorkspace> WorkspaceAsync(string start, int maxRows)
    {
        var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(
            source: workspace.KafkaSource($"untilEnd: true, columns: [id, text], start: {start}"),
            sink: $"{{ parquet: {{ path: out/main, maxRows: {maxRows} }} }}", deadLetter: "{ parquet: { path: out/errors } }", model: "{ echo: true }");
        return workspace;
    }

    private static string[] Parts(KafkaWorkspace workspace) => [.. Directory.GetFiles(workspace.At("out/main"), "*.parquet").Order(StringComparer.Ordinal)];

    private static void ExpectEachIdOnce(KafkaWorkspace workspace, string folder, int first, int count)
    {
        var files = $"read_parquet('{workspace.At($"out/{folder}/*.parquet")}')";
        Assert.Equal(count, Workspace.Query<int>($"SELECT count(*) FROM {files}"));
        Assert.Equal(count, Workspace.Query<int>($"SELECT count(DISTINCT id::INTEGER) FROM {files} WHERE id::INTEGER BETWEEN {first} AND {first + count - 1}"));
    }
}
