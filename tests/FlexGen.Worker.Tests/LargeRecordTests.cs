using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public class LargeRecordTests
{
    private const int Records = 5_000;

    [Fact]
    public async Task Given_half_a_gigabyte_of_large_texts_in_one_row_group_when_run_with_a_small_heap_then_all_arrive()
    {
        using var workspace = new Workspace();
        Directory.CreateDirectory(workspace.At("data"));
        Workspace.Query<object>(
            $"COPY (SELECT id, repeat(md5(id::VARCHAR), 3125) AS text FROM range({Records}) t(id)) TO '{workspace.At("data/a.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 122880)");
        workspace.WritePipeline();
        using var process = FlexGenProcess.Start(workspace.Folder, ["run", Workspace.File], ("DOTNET_GCHeapHardLimit", "0x1a000000"));
        (await process.WaitAsync()).Expect(0);
        Assert.Equal(
            Records,
            Workspace.Query<long>($"SELECT count(DISTINCT id) FROM read_parquet('{workspace.At("out/main/*.parquet")}') WHERE output = 'Text: ' || text AND length(text) = 100000"));
    }
}
