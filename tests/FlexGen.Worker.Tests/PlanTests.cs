using System.Text.Json;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class PlanTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_shape_and_a_machine_that_is_not_here_when_planned_then_policy_prediction_bytes_and_what_binds_are_printed()
    {
        string[] asked = ["--shape", "opt-6.7b", "--hardware", "t4", "--num-prompts", "64"];
        var report = JsonElement.Parse((await PlanAsync([.. asked, "--json"])).Expect(0).Output);
        Assert.Equal("opt-6.7b", report.GetProperty("model").GetString());
        Assert.True(report.GetProperty("predicted_tokens_per_second").GetDouble() > 0);
        Assert.True(report.GetProperty("predicted_records_per_hour").GetDouble() > 0);
        Assert.Equal(544, report.GetProperty("policy").GetProperty("sequence_length").GetInt32());
        var gpu = report.GetProperty("gpu_bytes");
        Assert.InRange(gpu.GetProperty("all").GetDouble(), gpu.GetProperty("weights").GetDouble(), 16e9);
        Assert.InRange(report.GetProperty("busy").GetProperty(report.GetProperty("binds").GetString()!).GetDouble(), 0.01, 1);
        Assert.All(report.GetProperty("would_help").EnumerateArray(), help => Assert.True(help.GetProperty("times").GetDouble() >= 1.03));
        Assert.Equal("none", report.GetProperty("policy").GetProperty("compress_weights").GetString());
    }

    [Fact]
    public async Task Given_an_explicit_policy_when_planned_then_it_is_predicted_as_it_is()
    {
        var result = (await PlanAsync(
            "--shape", "opt-125m", "--hardware", "t4", "--num-prompts", "12", "--percent", "50", "50", "0", "100", "100", "0", "--gpu-batch-size", "4",
            "--num-gpu-batches", "3", "--attention", "host")).Expect(0).Output;
        Assert.Contains(
            "4 x 3 slots of 544 tokens; weights 50/50/0, KV cache 0/100/0, hidden states 100/0/0 (% on GPU/host/disk), 100% of attention on the host", result, StringComparison.Ordinal);
        Assert.Matches("would help +nothing that was tried", result);
        Assert.Matches(@"GPU +\[W+", result);
        Assert.Matches(@"layers \d+ to \d+ of 12 in a decoding sweep", result);
    }

    [Fact]
    public async Task Given_several_gpus_when_planned_then_each_has_its_layers_and_its_link()
    {
        string[] asked = ["--shape", "opt-125m", "--hardware", "t4", "--gpus", "3", "--num-prompts", "12", "--percent", "50", "50", "100", "0", "100", "0",
            "--gpu-batch-size", "4", "--num-gpu-batches", "3"];
        var report = JsonElement.Parse((await PlanAsync([.. asked, "--json"])).Expect(0).Output);
        Assert.Equal(3, report.GetProperty("devices").GetInt32());
        Assert.Equal(report.GetProperty("gpu_bytes").GetProperty("all").GetDouble(),
            report.GetProperty("gpu_bytes_by_device").EnumerateArray().Sum(d => d.GetDouble()), 3.0);
        Assert.All(Enumerable.Range(0, 3), n => Assert.InRange(report.GetProperty($"busy_on_{n}").GetProperty("to_gpu").GetDouble(), 0.01, 1));
        var people = (await PlanAsync(asked)).Expect(0).Output;
        Assert.Matches(@"machine +NVIDIA T4 in a host of 208 GB, 3 GPUs", people);
        Assert.Matches(@"GPU 2 +\[[a-zA-Z]", people);
        Assert.Matches(@"the link to the GPU 2 +\[", people);
    }

    [Fact]
    public async Task Given_a_pipeline_when_planned_then_its_own_prompts_and_records_are_what_is_planned_for()
    {
        workspace.WriteDataset(100);
        workspace.WritePipeline($"{{ path: \"{Workspace.DemoModel}\" }}");
        var report = JsonElement.Parse((await PlanAsync(Workspace.File, "--device", "cpu", "--json")).Expect(0).Output);
        Assert.Equal("two cores, to test with", report.GetProperty("machine").GetString());
        Assert.Equal(4, report.GetProperty("workload").GetProperty("mean_completion_tokens").GetDouble());
        Assert.InRange(report.GetProperty("workload").GetProperty("sequences").GetInt32(), 90, 100);
        Assert.InRange(report.GetProperty("workload").GetProperty("mean_prompt_tokens").GetDouble(), 2, 40);
    }

    [Theory]
    [InlineData(2, "Name one of a pipeline file, --model DIR and --shape NAME", "--model", "m", "--shape", "opt-125m")]
    [InlineData(2, "Name one of a pipeline file, --model DIR and --shape NAME")]
    [InlineData(2, "did you mean 't4'?", "--shape", "opt-125m", "--hardware", "t44")]
    [InlineData(2, "--prompt-len has no effect beside a pipeline file", "pipeline.yaml", "--prompt-len", "5")]
    [InlineData(2, "--gen-len is 0; give 1 or more", "--shape", "opt-125m", "--hardware", "t4", "--gen-len", "0")]
    [InlineData(2, "--gpus is 0, and the machine is NVIDIA T4", "--shape", "opt-125m", "--hardware", "t4", "--gpus", "0")]
    [InlineData(2, "--gpus is 2, and the machine is two cores, to test with", "--shape", "opt-125m", "--device", "cpu", "--gpus", "2")]
    [InlineData(1, "13 devices are more than the 12 layers of opt-125m", "--shape", "opt-125m", "--hardware", "t4", "--gpus", "13")]
    [InlineData(1, "--host-memory is 0.10 GiB and would have to be", "--shape", "opt-6.7b", "--hardware", "t4", "--host-memory", "100MiB")]
    [InlineData(2, "the echo needs no plan", "pipeline.yaml")]
    [InlineData(2, "--prompt-len 2000 and --gen-len 100 are 2100 tokens together, and opt-125m has room for 2048", "--shape", "opt-125m", "--hardware", "t4",
        "--prompt-len", "2000", "--gen-len", "100")]
    [InlineData(2, "and a slot has room for 64: lower one of them, or raise --max-sequence-length", "--shape", "opt-125m", "--hardware", "t4",
        "--prompt-len", "64", "--max-sequence-length", "64")]
    public async Task Given_what_cannot_be_planned_when_planned_then_one_error_says_so(int exitCode, string expected, params string[] arguments)
    {
        workspace.WriteDataset(10);
        workspace.WritePipeline();
        var result = (await PlanAsync(arguments)).Expect(exitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task Given_a_pipeline_that_is_done_when_planned_then_it_is_for_as_many_again_and_outputs_end_with_their_slots()
    {
        workspace.WriteDataset(100);
        workspace.WritePipeline($"{{ path: \"{Workspace.DemoModel}\" }}");
        (await FlexGenProcess.RunAsync(workspace.Folder, "run", Workspace.File, "--device", "cpu", "--gpu-batch-size", "50")).Expect(0);
        var done = JsonElement.Parse((await PlanAsync(Workspace.File, "--device", "cpu", "--json")).Expect(0).Output).GetProperty("workload");
        Assert.Equal(100, done.GetProperty("sequences").GetInt32());

        File.WriteAllText(workspace.At(Workspace.File), File.ReadAllText(workspace.At(Workspace.File)) + "\nengine: { maxSequenceLength: 40 }\n");
        var text = System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(workspace.At(Workspace.File)), "maxNewTokens: [0-9]+", "maxNewTokens: 5000");
        File.WriteAllText(workspace.At(Workspace.File), text);
        var cut = JsonElement.Parse((await PlanAsync(Workspace.File, "--device", "cpu", "--json")).Expect(0).Output).GetProperty("workload");
        Assert.InRange(cut.GetProperty("longest").GetInt32(), 2, 40);
    }

    [Theory]
    [InlineData(288, 32)]
    [InlineData(20, 300, "--gen-len", "300")]
    [InlineData(310, 10, "--prompt-len", "310")]
    [InlineData(32, 32, "--max-sequence-length", "64")]
    public async Task Given_a_model_of_few_tokens_when_planned_then_what_is_not_asked_for_fits_in_it(int prompt, int output, params string[] arguments)
    {
        string[] asked = ["--model", Workspace.DemoModel, "--device", "cpu", "--json", "--num-prompts", "50", .. arguments];
        var workload = JsonElement.Parse((await PlanAsync(asked)).Expect(0).Output).GetProperty("workload");
        Assert.Equal((prompt, output), (workload.GetProperty("mean_prompt_tokens").GetInt32(), workload.GetProperty("mean_completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Given_a_file_that_profile_wrote_when_named_as_hardware_then_it_is_the_machine()
    {
        File.Copy(PreparedProfile.File, workspace.At("machine.json"));
        var result = (await PlanAsync("--model", Workspace.DemoModel, "--hardware", "machine.json", "--prompt-len", "64", "--gen-len", "16", "--num-prompts", "8")).Expect(0);
        Assert.Matches("machine +two cores, to test with", result.Output);
        Assert.Equal("", result.Error);
    }

    [Theory]
    [InlineData(2, "opt-6.7b", "--gpu-memory", "16GiB")]
    [InlineData(1, "opt-6.7b", "--gpu-memory", "16GiB", "--gpu-batch-size", "8", "--num-gpu-batches", "1")]
    [InlineData(1, "opt-6.7b", "--gpu-memory", "16GiB", "--gpus", "1")]
    public async Task Given_a_machine_of_two_GPUs_when_no_device_is_named_then_both_are_planned_for_where_that_pays(
        int expected, string shape, params string[] arguments)
    {
        File.WriteAllText(workspace.At("machine.json"), KnownHardware.Find("h100")!.ToProfile().With(2).ToJson());
        string[] asked = ["--shape", shape, "--num-prompts", "200", .. arguments];
        using var process = FlexGenProcess.Start(workspace.Folder, ["plan", .. asked, "--json"], [("FLEXGEN_PROFILE", workspace.At("machine.json"))]);
        var report = JsonElement.Parse((await process.WaitAsync()).Expect(0).Output);
        Assert.Equal(expected, report.GetProperty("devices").GetInt32());
        Assert.Equal(!arguments.Contains("--gpus"), report.TryGetProperty("devices_because", out var because));
        if (because.ValueKind == JsonValueKind.Object)
        {
            var (one, all) = (because.GetProperty("tokens_per_second_on_1").GetDouble(), because.GetProperty("tokens_per_second_on_all").GetDouble());
            Assert.Equal(expected == 2, all >= 1.1 * one);
            Assert.Equal(expected == 2 ? all : one, report.GetProperty("predicted_tokens_per_second").GetDouble());
        }
    }

    private Task<ProcessResult> PlanAsync(params string[] arguments) => workspace.RunAsync(["plan", .. arguments]);
}
