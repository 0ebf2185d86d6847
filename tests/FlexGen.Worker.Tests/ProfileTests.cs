using FlexGen.Planning.Hardware;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

public sealed class ProfileTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_machine_when_profiled_twice_then_it_is_measured_once_and_every_figure_is_there()
    {
        var first = (await RunAsync("--json", "--output", "machine.json")).Expect(0);
        Assert.Contains("profile: measuring products", first.Error, StringComparison.Ordinal);
        Assert.Equal(first.Output, File.ReadAllText(workspace.At("machine.json")));
        var profile = HardwareProfile.Parse(first.Output);
        Assert.Equal(("float32", Environment.ProcessorCount), (profile.MeasuredOn!.DataType, profile.MeasuredOn.Threads));
        Assert.Equal(["float32", "int4"], profile.Compute.Products.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["float32", "int4"], profile.HostAttention.ByFormat.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["llama", "opt"], profile.Compute.Layers.Keys.Order(StringComparer.Ordinal));
        Assert.True(profile.Links.DiskRead.Alone > 1 && profile.DiskBytes > 0);
        // One core alone reads some GB/s.
        Assert.True(profile.Devices is { Count: 1, HostRate: > 1e9 }, $"{profile.Devices}");

        var second = (await RunAsync("--json")).Expect(0);
        Assert.Equal((first.Output, ""), (second.Output, second.Error));
        var people = (await RunAsync()).Expect(0);
        Assert.Matches("copies to the compute tier  +[0-9.]+ GB/s; [0-9.]+ beside the other direction", people.Output);
        Assert.Matches("host memory  +[0-9.]+ GB/s to all that read it at once", people.Output);
        Assert.Matches("product int4 16 rows  +0.3 M [0-9.]+ [mu]s", people.Output);
    }

    [Theory]
    [InlineData(1, "--device is cuda:7, but this process sees", "--device", "cuda:7")]
    [InlineData(1, "--dtype is float16 on a CPU", "--dtype", "float16")]
    [InlineData(2, "--device: device must be auto, cpu or cuda:N, several", "--device", "tpu")]
    [InlineData(2, "--output nowhere/machine.json cannot be written", "--output", "nowhere/machine.json")]
    public async Task Given_what_cannot_be_when_profiled_then_one_error_says_so(int exitCode, string expected, params string[] options)
    {
        var result = (await RunAsync(options)).Expect(exitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_two_at_once_when_profiled_then_one_measures_and_the_other_has_its_figures()
    {
        var both = await Task.WhenAll(RunAsync("--json"), RunAsync("--json"));
        Assert.All(both, result => result.Expect(0));
        Assert.Equal(both[0].Output, both[1].Output);
        Assert.Single(both, result => result.Error.Contains("profile: measuring products", StringComparison.Ordinal));
    }

    private async Task<ProcessResult> RunAsync(params string[] options)
    {
        string[] device = options.Contains("--device") ? [] : ["--device", "cpu"];
        using var process = FlexGenProcess.Start(
            workspace.Folder, ["profile", "--quick", "--disk-dir", workspace.At("disk"), .. device, .. options], ("XDG_CACHE_HOME", workspace.At("cache")));
        return await process.WaitAsync();
    }
}
