using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public class SignalTests
{
    private const int Records = 20_000;
    private const string SlowEcho = "{ echo: true, echoMaxDelay: \"00:00:00.500\" }";

    [Fact]
    public async Task Given_a_run_when_terminated_then_it_commits_and_exits_0_and_the_next_run_completes()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(SlowEcho);
        using (var process = workspace.Start("run", Workspace.File, "--json"))
        {
            await UntilPartsAsync(workspace, process);
            process.Terminate();
            var stopped = (await process.WaitAsync()).Expect(0);
            Assert.Contains("the same command continues", stopped.Error, StringComparison.Ordinal);
            Assert.Contains("\"state\":\"stopped\"", stopped.Output, StringComparison.Ordinal);
        }

        var parts = workspace.Parts().ToList();
        (await workspace.RunAsync("run", Workspace.File, "--set", "model.echoMaxDelay=00:00:00")).Expect(0);
        workspace.ExpectEachRecordOnce(Records);
        Assert.Empty(parts.Except(workspace.Parts()));
    }

    [Fact]
    public async Task Given_a_run_when_its_terminal_is_closed_then_it_drains_unless_it_was_told_to_ignore_that()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(SlowEcho);
        // The tests themselves may run under nohup, whose children ignore the signal unless it is set back.
        using (var process = FlexGenProcess.StartThrough("exec env --default-signal=HUP \"$@\"", workspace.Folder, ["run", Workspace.File]))
        {
            await UntilPartsAsync(workspace, process);
            process.HangUp();
            Assert.Contains("Stopped by a signal", (await process.WaitAsync()).Expect(0).Error, StringComparison.Ordinal);
        }

        var parts = workspace.Parts().Count();
        using (var ignoring = FlexGenProcess.StartThrough("trap '' HUP; exec \"$@\"", workspace.Folder, ["run", Workspace.File, "--set", "model.echoMaxDelay=50ms"]))
        {
            while (workspace.Parts().Count() == parts)
            {
                Assert.False(ignoring.HasExited);
                await Task.Delay(20);
            }

            ignoring.HangUp();
            (await ignoring.WaitAsync()).Expect(0);
        }

        workspace.ExpectEachRecordOnce(Records);
    }

    [Fact]
    public async Task Given_a_pipeline_file_that_is_awaited_when_terminated_then_the_run_ends_and_says_so()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(SlowEcho);
        var pipe = Path.Combine(workspace.Folder, "pipe.yaml");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }

        using var process = workspace.Start("run", "pipe.yaml");
        // It can be opened once the worker reads it.
        await using (var stream = new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            process.Terminate();
            await stream.WriteAsync(await File.ReadAllBytesAsync(Path.Combine(workspace.Folder, Workspace.File)));
        }

        Assert.Contains("Stopped by a signal", (await process.WaitAsync()).Expect(0).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">/dev/full", "")]
    [InlineData(">&-", "")]
    [InlineData(">&- 2>&-", null)]
    [InlineData("2>/dev/full", null)]
    public async Task Given_streams_that_take_nothing_when_all_is_committed_then_the_exit_code_is_0(string redirection, string? error)
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(10);
        workspace.WritePipeline();
        using var process = FlexGenProcess.StartThrough($"exec \"$@\" {redirection}", workspace.Folder, ["run", Workspace.File]);
        var result = (await process.WaitAsync()).Expect(0);
        workspace.ExpectEachRecordOnce(10);
        Assert.DoesNotContain("error:", result.Error, StringComparison.Ordinal);
        Assert.True(error is null || result.Error.Contains("warning: the report cannot be written", StringComparison.Ordinal), result.Error);
    }

    [Fact]
    public async Task Given_no_terminal_when_run_then_log_lines_have_date_and_offset()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(200);
        workspace.WritePipeline();
        Assert.Matches(@"(?m)^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}[+-][0-9]{2}:[0-9]{2} ", (await workspace.RunAsync("run", Workspace.File)).Expect(0).Error);
    }

    [Fact]
    public async Task Given_a_run_of_a_model_when_terminated_then_the_sweep_ends_and_what_is_done_is_committed()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline($"{{ path: \"{ModelWorkspace.DemoModel}\" }}", rows: "100");
        using var process = workspace.Start("run", Workspace.File, "--json");
        await UntilPartsAsync(workspace, process);
        process.Terminate();
        var report = System.Text.Json.JsonElement.Parse((await process.WaitAsync()).Expect(0).Output);
        Assert.Equal("stopped", report.GetProperty("state").GetString());
        var done = report.GetProperty("records").GetInt64() + report.GetProperty("errors").GetInt64();
        Assert.InRange(done, 1, Records - 1);
        Assert.Equal(done, workspace.Parts().Sum(p => Workspace.Query<long>($"SELECT count(*) FROM read_parquet('{p.Path}')")));
        var validated = (await workspace.RunAsync("validate", Workspace.File, "--json")).Expect(0);
        Assert.Equal(done, System.Text.Json.JsonElement.Parse(validated.Output).GetProperty("already_done").GetInt64());
    }

    [Fact]
    public async Task Given_a_run_when_another_starts_on_its_output_then_that_one_refuses()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(Records);
        workspace.WritePipeline(SlowEcho);
        using var first = workspace.Start("run", Workspace.File);
        await UntilPartsAsync(workspace, first);
        var second = (await workspace.RunAsync("run", Workspace.File)).Expect(1);
        Assert.Contains("out/main", second.Error, StringComparison.Ordinal);
        Assert.Single(second.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task Given_a_health_file_when_run_then_it_is_written_and_one_that_cannot_be_is_an_error()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(10);
        workspace.WritePipeline();
        using var healthy = FlexGenProcess.Start(workspace.Folder, ["run", Workspace.File], ("FLEXGEN_HEALTH_FILE", workspace.At("healthy")));
        (await healthy.WaitAsync()).Expect(0);
        Assert.True(File.Exists(workspace.At("healthy")));
        File.CreateSymbolicLink(workspace.At("link"), workspace.At("foreign"));
        using var linked = FlexGenProcess.Start(workspace.Folder, ["run", Workspace.File], ("FLEXGEN_HEALTH_FILE", workspace.At("link")));
        Assert.Contains("is a link", (await linked.WaitAsync()).Expect(2).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(workspace.At("foreign")));
        using var refused = FlexGenProcess.Start(workspace.Folder, ["run", Workspace.File], ("FLEXGEN_HEALTH_FILE", workspace.At("no/such/file")));
        Assert.Contains("FLEXGEN_HEALTH_FILE", (await refused.WaitAsync()).Expect(2).Error, StringComparison.Ordinal);
    }

    private static async Task UntilPartsAsync(Workspace workspace, FlexGenProcess process)
    {
        while (!workspace.Parts().Any())
        {
            Assert.False(process.HasExited, process.HasExited ? (await process.WaitAsync()).Error : "");
            await Task.Delay(20);
        }
    }
}
