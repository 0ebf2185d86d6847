using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Offload;

[Trait("Category", "Long")]
public sealed partial class BudgetTests : IDisposable
{
    private const double GiB = 1L << 30;
    private readonly Workspace workspace = new();

    /// <summary>Prompts whose activations are a good part of the whole.</summary>
    public static TheoryData<string> Runs =>
    [
        "--gpu-batch-size 16 --num-gpu-batches 2 --prompt-len 256 --percent 0 0 0 0 0 0",
        "--gpu-batch-size 16 --num-gpu-batches 2 --prompt-len 128 --percent 0 100 0 100 0 100 --attention host",
        "--gpu-batch-size 4 --num-gpu-batches 1 --prompt-len 1000 --percent 100 0 100 0 100 0",
    ];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Given_the_memory_that_a_refusal_says_it_takes_when_it_runs_then_the_process_stays_within_it(string run)
    {
        var refused = await BenchAsync(run, "100MiB");
        var gigabytes = double.Parse(Need().Match(refused.Expect(1).Error).Groups["need"].Value, CultureInfo.InvariantCulture) + 0.01;
        var result = await BenchAsync(run, FormattableString.Invariant($"{gigabytes}GiB"));
        var peak = (long)JsonNode.Parse(result.Expect(0).Output)!["process_peak_bytes"]! / GiB;
        Assert.True(peak <= gigabytes, $"{peak:0.00} GiB of {gigabytes:0.00}");
    }

    public void Dispose() => workspace.Dispose();

    private Task<FlexGen.Testing.ProcessResult> BenchAsync(string run, string hostMemory) => workspace.RunAsync([
        "bench", "--shape", "opt-125m", "--gen-len", "2", "--device", "cpu", "--disk-dir", "scratch", "--json", "--host-memory", hostMemory, .. run.Split(' ')]);

    [GeneratedRegex("it takes (?<need>[0-9.]+) GiB there")]
    private static partial Regex Need();
}
