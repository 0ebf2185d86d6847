using System.Diagnostics;

namespace FlexGen.Testing.Kafka;

/// <summary>The script that starts real brokers, beside the repository.</summary>
internal static class KafkaScript
{
    private const string FromRoot = "../shared/kafka/kafka";
    private static readonly string? path = Find();

    /// <summary>Why no broker can be started here; null where one can.</summary>
    public static string? Unavailable { get; } =
        path is null ? $"NOT TESTED: no broker here: neither the script {FromRoot} (from the repository's root) nor FLEXGEN_KAFKA (bootstrap servers) is there"
        : HasJava() ? null
        : "NOT TESTED: no broker here: Kafka needs java, version 17 or later";

    /// <summary>Runs the script to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await ExecuteAsync(path!, arguments);
        return exitCode == 0 ? output.Trim() : throw new InvalidOperationException($"kafka {string.Join(' ', arguments)}: {error}{output}");
    }

    /// <summary>
    /// Starts a process that kills the brokers of <paramref name="folder"/> and removes it once this process is gone, however it ended.
    /// </summary>
    public static Process StartGuard(string folder) => Process.Start(new ProcessStartInfo(
        "bash",
        [
            "-c",
            $"trap '' INT TERM; while kill -0 {Environment.ProcessId} 2>/dev/null && [ -d '{folder}' ]; do sleep 1; done; "
                + $"if [ -d '{folder}' ]; then '{path}' kill '{folder}'; rm -rf '{folder}'; fi",
        ])
    {
        // Not this process's own streams: whoever reads those to their end would wait for the guard.
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string? Find()
    {
        var script = Path.GetFullPath(FromRoot, Repository.Root);
        return File.Exists(script) ? script : null;
    }

    private static bool HasJava() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "java")));

    private static async Task<(int ExitCode, string Output, string Error)> ExecuteAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
