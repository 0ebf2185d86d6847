using System.Text.Json.Nodes;
using FlexGen.Engine.Tests.Support;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Offload;

/// <summary>What becomes of a pipeline whose model rests on disk when the process or the disk fails.</summary>
[Trait("Category", "Long")]
public sealed class OffloadFaultTests : IDisposable
{
    private const int Records = 4000;
    private readonly Workspace workspace = new();

    public OffloadFaultTests()
    {
        workspace.WriteDataset(Records);
        WritePipeline("cpu", "0, 0, 0, 0, 0, 0");
    }

    [Theory]
    [InlineData("cpu", "The engine failed in sweep [0-9]+: weight")]
    [InlineData("cpu,cpu", "The engine failed in sweep [0-9]+: cpu:[01]: weight loads cpu:[01] failed")]
    public async Task Given_a_read_that_fails_when_run_then_it_says_what_failed_and_the_same_command_completes(string devices, string failed)
    {
        WritePipeline(devices, "0, 0, 100, 0, 100, 0");
        using (var process = workspace.Start("run", Workspace.File))
        {
            await UntilPartsAsync(process);
            ScratchFiles.Empty(workspace.At("scratch"), process.Id);
            var error = (await process.WaitAsync()).Expect(1).Error;
            Assert.Matches(failed, error);
            Assert.Contains("could be read from the scratch file", error, StringComparison.Ordinal);
            Assert.Single(error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }

        await ExpectRestartCompletes();
    }

    [Fact]
    public async Task Given_a_kill_when_run_again_then_no_scratch_file_is_left_and_it_completes()
    {
        using (var process = workspace.Start("run", Workspace.File))
        {
            await UntilPartsAsync(process);
            Assert.NotEmpty(ScratchFiles.In(workspace.At("scratch"), process.Id));
            process.Kill();
            await process.WaitAsync();
        }

        await ExpectRestartCompletes();
    }

    [Fact]
    public async Task Given_a_signal_when_run_then_it_commits_leaves_no_scratch_file_and_the_same_command_completes()
    {
        using (var process = workspace.Start("run", Workspace.File))
        {
            await UntilPartsAsync(process);
            process.Terminate();
            (await process.WaitAsync()).Expect(0);
        }

        await ExpectRestartCompletes();
    }

    public void Dispose() => workspace.Dispose();

    private void WritePipeline(string devices, string percent) => workspace.WritePipeline(
        model: $"{{ path: {Workspace.DemoModel} }}", rows: "200",
        more: $"engine: {{ device: \"{devices}\", gpuBatchSize: 16, gpuBatchCount: 2, percent: [{percent}], diskDirectory: scratch, hostMemory: 1GiB }}");

    private async Task ExpectRestartCompletes()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(workspace.At("scratch")));
        var parts = workspace.Parts().ToList();
        var report = JsonNode.Parse((await workspace.RunAsync("run", Workspace.File, "--json")).Expect(0).Output)!;
        workspace.ExpectEachRecordOnce(Records);
        Assert.Empty(parts.Except(workspace.Parts()));
        Assert.Equal(0, (long)report["gpu_peak_bytes"]!);
        Assert.True((long)report["disk_peak_bytes"]! > 0 && (long)report["host_peak_bytes"]! > 0);
        Assert.InRange((long)report["process_peak_bytes"]!, 1, 1L << 30);
        Assert.Empty(Directory.EnumerateFileSystemEntries(workspace.At("scratch")));
    }

    private async Task UntilPartsAsync(FlexGenProcess process)
    {
        while (!workspace.Parts().Any())
        {
            Assert.False(process.HasExited, process.HasExited ? (await process.WaitAsync()).Error : "");
            await Task.Delay(20);
        }
    }
}
