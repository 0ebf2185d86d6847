using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public class RunTests
{
    [Fact]
    public async Task Given_a_dataset_when_run_then_each_record_is_in_output_or_dead_letter_and_the_report_says_so()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(5000);
        workspace.WritePipeline();
        var result = (await workspace.RunAsync("run", Workspace.File)).Expect(0);
        workspace.ExpectEachRecordOnce(5000);
        Assert.Contains("complete", result.Output, StringComparison.Ordinal);
        Assert.Contains(workspace.At("out/main"), result.Output, StringComparison.Ordinal);
        Assert.Contains(workspace.At("out/errors"), result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_finished_run_when_run_again_then_nothing_is_done_twice()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(1000);
        workspace.WritePipeline();
        (await workspace.RunAsync("run", Workspace.File)).Expect(0);
        var parts = workspace.Parts().ToHashSet();
        var again = (await workspace.RunAsync("run", Workspace.File, "--json")).Expect(0);
        Assert.Equal(parts, workspace.Parts().ToHashSet());
        using var report = System.Text.Json.JsonDocument.Parse(again.Output);
        Assert.Equal(1000, report.RootElement.GetProperty("already_done").GetInt64());
        Assert.Equal(0, report.RootElement.GetProperty("records").GetInt64());
    }

    [Fact]
    public async Task Given_a_pipeline_when_validated_then_it_says_what_there_is_and_nothing_is_written()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(100);
        workspace.WritePipeline($"{{ path: \"{ModelWorkspace.DemoModel}\" }}");
        var report = System.Text.Json.JsonElement.Parse((await workspace.RunAsync("validate", Workspace.File, "--json")).Expect(0).Output);
        Assert.Equal(100, report.GetProperty("records").GetInt32());
        Assert.Equal("""["id","text"]""", report.GetProperty("columns").GetRawText());
        Assert.Contains("slots of 320 tokens", report.GetProperty("runs_as").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(workspace.At("out")));
    }

    [Fact]
    public async Task Given_settings_and_environment_variables_when_run_then_they_override_the_file_in_that_order()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(100);
        workspace.WritePipeline();
        using var process = FlexGenProcess.Start(
            workspace.Folder,
            ["run", Workspace.File, "--set", "sink.parquet.path=out/set"],
            ("FLEXGEN__sink__parquet__path", "out/environment"),
            ("FLEXGEN__deadLetter__parquet__path", "out/environment-errors"));
        (await process.WaitAsync()).Expect(0);
        Assert.Equal(["environment-errors", "set"], Directory.EnumerateDirectories(workspace.At("out")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Given_a_pipeline_file_from_a_pipe_when_validated_then_it_is_read()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(100);
        workspace.WritePipeline();
        using var process = FlexGenProcess.StartThrough("cat pipeline.yaml | exec \"$@\"", workspace.Folder, ["validate", "/dev/stdin"]);
        Assert.Contains("100", (await process.WaitAsync()).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_an_empty_folder_when_run_then_it_succeeds_and_says_that_there_is_nothing()
    {
        using var workspace = new Workspace();
        Directory.CreateDirectory(workspace.At("data"));
        workspace.WritePipeline();
        var result = (await workspace.RunAsync("run", Workspace.File)).Expect(0);
        Assert.Contains("nothing to do", result.Error, StringComparison.Ordinal);
        Assert.Empty(workspace.Parts());
    }

    [Fact]
    public async Task Given_a_file_that_is_not_Parquet_when_run_then_one_error_names_it_and_no_stack_trace_shows()
    {
        using var workspace = new Workspace();
        Directory.CreateDirectory(workspace.At("data"));
        await File.WriteAllTextAsync(workspace.At("data/wrong.parquet"), "id,text\n1,Ada\n");
        workspace.WritePipeline();
        var result = (await workspace.RunAsync("run", Workspace.File)).Expect(1);
        Assert.Contains("wrong.parquet", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
