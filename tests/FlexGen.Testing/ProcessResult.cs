namespace FlexGen.Testing;

/// <summary>How a process ended.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>Fails, showing what the process said, unless it ended so.</summary>
    public ProcessResult Expect(int exitCode) =>
        ExitCode == exitCode ? this : throw new InvalidOperationException($"expected exit code {exitCode}, got {ExitCode}\n{Error}\n{Output}");
}
