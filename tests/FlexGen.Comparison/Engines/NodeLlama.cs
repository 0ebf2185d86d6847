using System.Diagnostics;
using System.Text.Json;
using FlexGen.Testing;

namespace FlexGen.Comparison.Engines;

/// <summary>llama.cpp through node-llama-cpp, whose own build for this machine is taken; where npm has installed it.</summary>
internal static class NodeLlama
{
    public const string Name = "node-llama-cpp 3.21";

    private static readonly string folder = Path.Combine(Repository.Root, "tests", "FlexGen.Comparison", "node");

    public static bool IsInstalled => Directory.Exists(Path.Combine(folder, "node_modules", "node-llama-cpp"));

    public static async Task<Measured> RunAsync(RunRequest request)
    {
        var asked = JsonSerializer.Serialize(new
        {
            model = request.Model,
            prompts = request.PromptTokens(),
            warmUp = request.WarmUpPrompts(),
            warmUpTokens = RunRequest.WarmUpTokens,
            newTokens = request.NewTokens,
            room = request.SequenceLength + RunRequest.WarmUpTokens,
            threads = Environment.ProcessorCount,
        });
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "run.mjs")]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(asked);
        process.StandardInput.Close();
        var answer = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Measured>(answer, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"node exited with {process.ExitCode}: {answer}");
    }
}
