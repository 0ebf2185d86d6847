using System.Text.Json.Nodes;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

/// <summary>What a pipeline without a policy is planned with, and what it says of it.</summary>
public sealed class PlannedRunTests : IDisposable
{
    private readonly Workspace workspace = new();

    public PlannedRunTests()
    {
        var t4 = KnownHardware.Find("t4")!.ToProfile();
        File.WriteAllText(workspace.At("machine.json"), (t4 with { Compute = t4.Compute with { IsGpu = false } }).ToJson());
        workspace.WriteDataset(200, files: 1);
        workspace.WritePipeline($"{{ path: {Workspace.DemoModel} }}", "engine: { device: cpu }");
    }

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_pipeline_when_run_then_its_lengths_make_the_next_plan_and_prediction_and_measured_stand_side_by_side()
    {
        var validated = await ReportAsync("validate", Workspace.File);
        Assert.True((double)validated["predicted_tokens_per_second"]! > 0 && (double)validated["predicted_records_per_hour"]! > 0);
        Assert.NotNull(validated["plan"]!["gpu_batch_size"]);
        Assert.Empty(Kept());

        var run = (await RunAsync("run", Workspace.File)).Expect(0);
        Assert.Matches("Plan: [0-9]+ x [0-9]+ slots of 320 tokens; weights 100/0/0, .* tokens/s and .* records/h predicted; .* is busy .*; outputs at their longest", run.Error);
        Assert.Matches("predicted tokens per second +[0-9.]+; measured is [0-9.]+ times that", run.Output);
        var kept = Assert.Single(Kept());

        var plan = await ReportAsync("plan", Workspace.File);
        Assert.Equal("outputs as earlier runs had them", (string?)plan["workload"]!["basis"]);
        Assert.InRange((double)plan["workload"]!["mean_completion_tokens"]!, 1, 63);

        File.WriteAllText(kept, "torn");
        var ignoring = (await RunAsync("validate", Workspace.File)).Expect(0);
        Assert.Contains($"warning: {kept} does not hold the lengths of earlier runs and is ignored", ignoring.Error, StringComparison.Ordinal);
        Assert.Contains("outputs at their longest", ignoring.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_cache_that_cannot_be_written_when_run_then_one_warning_says_so_and_all_is_done()
    {
        using var process = FlexGenProcess.Start(workspace.Folder, ["run", Workspace.File, "--json"], Environment("/dev/null"));
        var result = (await process.WaitAsync()).Expect(0);
        Assert.Equal("complete", (string?)JsonNode.Parse(result.Output)!["state"]);
        Assert.Equal(2, result.Error.Split("cannot be kept for the next run's plan").Length);
    }

    [Fact]
    public async Task Given_a_shape_that_fits_nowhere_when_planned_then_the_budget_to_raise_and_the_largest_of_its_family_that_fits_are_named()
    {
        var refused = (await RunAsync("plan", "--shape", "opt-30b", "--hardware", "t4", "--gpu-memory", "2GiB")).Expect(1).Error;
        Assert.Matches(@"--gpu-memory is 2\.00 GiB and would have to be 3\.[0-9]+ GiB, 1\.[0-9]+ more\. Raise --gpu-memory, lower --max-sequence-length", refused);
        Assert.Contains(". opt-13b is the largest of its family that fits", refused, StringComparison.Ordinal);
    }

    private string[] Kept() => Directory.Exists(workspace.At("cache/flexgen")) ? Directory.GetFiles(workspace.At("cache/flexgen"), "lengths-*") : [];

    private async Task<JsonNode> ReportAsync(params string[] arguments) => JsonNode.Parse((await RunAsync([.. arguments, "--json"])).Expect(0).Output)!;

    private async Task<FlexGen.Testing.ProcessResult> RunAsync(params string[] arguments)
    {
        using var process = FlexGenProcess.Start(workspace.Folder, arguments, Environment(workspace.At("cache")));
        return await process.WaitAsync();
    }

    private (string Name, string Value)[] Environment(string cache) =>
        [("FLEXGEN_PROFILE", workspace.At("machine.json")), ("XDG_CACHE_HOME", cache), ("FLEXGEN__generation__maxNewTokens", "64"), ("FLEXGEN__generation__stop__0", "\"")];
}
