using System.Diagnostics;
using System.Text.Json;
using FlexGen.Comparison.Engines;

namespace FlexGen.Comparison;

/// <summary>A run in a process of its own: no library's threads or memory are in another's way, and its peak of memory is its own.</summary>
internal static class ChildRun
{
    public const string Command = "run";

    /// <exception cref="InvalidOperationException">It failed; the message is its last line.</exception>
    public static async Task<Measured> StartAsync(RunRequest request)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Command, JsonSerializer.Serialize(request)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var answer = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Measured>(answer)!
            : throw new InvalidOperationException((await error).Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? $"exit code {process.ExitCode}");
    }

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string json)
    {
        var request = JsonSerializer.Deserialize<RunRequest>(json)!;
        try
        {
            var measured = request.Library switch
            {
                OwnEngine.Name => await OwnEngine.RunAsync(request),
                BatchedLlama.Name => await BatchedLlama.RunAsync(request),
                _ => await NodeLlama.RunAsync(request),
            };
            Console.WriteLine(JsonSerializer.Serialize(measured));
            return 0;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"{exception.GetType().Name}: {exception.Message}");
            return 1;
        }
    }
}
