using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FlexGen.Worker.Tests.Support;

/// <summary>The built worker in a process of its own, as a user starts it.</summary>
internal sealed partial class FlexGenProcess : IDisposable
{
    private const int SignalTerminate = 15;
    private static readonly TimeSpan hangGuard = TimeSpan.FromMinutes(2);
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    private FlexGenProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    public bool HasExited => process.HasExited;

    public static FlexGenProcess Start(string directory, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "flexgen.dll"), .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        return new FlexGenProcess(Process.Start(start)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string directory, params string[] arguments)
    {
        using var process = Start(directory, arguments);
        return await process.WaitAsync();
    }

    public async Task<ProcessResult> WaitAsync()
    {
        using var guard = new CancellationTokenSource(hangGuard);
        await process.WaitForExitAsync(guard.Token);
        return new ProcessResult(process.ExitCode, await output, await error);
    }

    /// <summary>SIGKILL: nothing of the process runs any more.</summary>
    public void Kill() => process.Kill();

    /// <summary>SIGTERM, as an orchestrator stops a container.</summary>
    public void Terminate() => Assert.Equal(0, SendSignal(process.Id, SignalTerminate));

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
