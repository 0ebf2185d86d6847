using System.Text.Json.Nodes;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Offload;

[Trait("Category", "Long")]
public sealed class PublishedPolicyTests : IDisposable
{
    private const string Scratch = "scratch";
    private readonly Workspace workspace = new();

    /// <summary>Policies that FlexGen's authors give, in their paper and with their code, for OPT-30B, OPT-66B and OPT-175B on a 16 GB GPU.</summary>
    public static TheoryData<string> Policies =>
    [
        "--percent 20 80 0 100 0 100 --gpu-batch-size 48 --num-gpu-batches 3",
        "--percent 4 96 0 100 0 100 --gpu-batch-size 20 --num-gpu-batches 4 --attention host",
        "--percent 0 50 0 0 0 100 --gpu-batch-size 32 --num-gpu-batches 8",
        "--percent 50 10 100 0 100 0",
    ];

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Given_a_published_policy_when_generating_then_the_tokens_are_those_of_the_resident_run(string policy)
    {
        string[] lines = [.. Enumerable.Range(0, 150).Select(n => $$"""{"id": {{n}}, "prompt": "Text: {{new string((char)('a' + (n % 26)), 1 + (n % 30))}}"}""")];
        File.WriteAllLines(workspace.At("in.jsonl"), lines);
        await GenerateAsync("resident.jsonl");
        var report = await GenerateAsync("offloaded.jsonl", policy.Split(' '));
        Assert.Equal(File.ReadAllLines(workspace.At("resident.jsonl")), File.ReadAllLines(workspace.At("offloaded.jsonl")));
        Assert.True((long)report["host_peak_bytes"]! > 0);
        Assert.True((long)report["process_peak_bytes"]! < 3L << 29, "the process had more memory than its budget");
        Assert.Equal(policy.Contains(" 50 ", StringComparison.Ordinal), (long)report["disk_peak_bytes"]! > 0);
    }

    [Fact]
    public async Task Given_a_policy_file_when_generating_then_it_is_what_the_options_are()
    {
        File.WriteAllText(workspace.At("in.jsonl"), """{"id": 1, "prompt": "Text: Ada lives in Turin."}""");
        File.WriteAllText(workspace.At("policy.yaml"), "gpuBatchSize: 2\ngpuBatchCount: 2\npercent: [0, 0, 0, 0, 0, 0]\nattention: host\n");
        await GenerateAsync("resident.jsonl");
        var report = await GenerateAsync("offloaded.jsonl", "--policy", "policy.yaml");
        Assert.Equal(File.ReadAllText(workspace.At("resident.jsonl")), File.ReadAllText(workspace.At("offloaded.jsonl")));
        Assert.True((long)report["disk_peak_bytes"]! > 0);
        var refused = await FlexGenProcess.RunAsync(
            workspace.Folder, "generate", "--model", Workspace.DemoModel, "--input", "in.jsonl", "--output", "x.jsonl", "--policy", "policy.yaml", "--host-memory", "100MiB");
        Assert.Contains("does not fit host memory", refused.Expect(1).Error, StringComparison.Ordinal);
        Assert.Contains("Raise --host-memory", refused.Error, StringComparison.Ordinal);
    }

    public void Dispose() => workspace.Dispose();

    private async Task<JsonNode> GenerateAsync(string output, params string[] options)
    {
        var result = await workspace.RunAsync([
            "generate", "--model", Workspace.DemoModel, "--input", "in.jsonl", "--output", output, "--max-new-tokens", "6", "--ignore-eos",
            "--device", "cpu", "--host-memory", "1.5GiB", "--disk-dir", Scratch, "--json", .. options]);
        return JsonNode.Parse(result.Expect(0).Output)!;
    }
}
