using System.Diagnostics;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Hosting;

public sealed class ProcessLimitsTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(100)]
    public async Task Given_too_few_open_files_when_started_then_one_error_names_the_limit(int limit)
    {
        var worker = Path.Combine(AppContext.BaseDirectory, "flexgen.dll");
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"ulimit -n {limit}; exec dotnet '{worker}' --help"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith($"error: The process may have {limit} files open; it needs 256 or more. Raise the limit with ulimit -n", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Given_one_processor_when_validated_then_libtorch_has_one_thread()
    {
        using var workspace = new Workspace();
        workspace.WriteDataset(3);
        workspace.WritePipeline($"{{ path: \"{ModelWorkspace.DemoModel}\" }}");
        // What the runtime makes of a quota.
        using var process = FlexGenProcess.Start(workspace.Folder, ["validate", Workspace.File, "--device", "cpu"], ("DOTNET_PROCESSOR_COUNT", "1"));
        Assert.Contains("on cpu Float32 (1 thread);", (await process.WaitAsync()).Expect(0).Output, StringComparison.Ordinal);
    }
}
