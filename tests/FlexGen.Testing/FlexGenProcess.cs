using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FlexGen.Testing;

/// <summary>The built worker in a process of its own, as a user starts it.</summary>
internal sealed partial class FlexGenProcess : IDisposable
{
    private const int SignalHangUp = 1;
    private const int SignalTerminate = 15;
    private const int SignalContinue = 18;
    private const int SignalStop = 19;
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

    private static string Worker => Path.Combine(AppContext.BaseDirectory, "flexgen.dll");

    public bool HasExited => process.HasExited;

    public int Id => process.Id;

    /// <summary>Stopped by <see cref="Suspend"/>, and not resumed yet.</summary>
    public bool IsSuspended { get; private set; }

    public static FlexGenProcess Start(string directory, IEnumerable<string> arguments, params (string Name, string Value)[] environment) =>
        Start("dotnet", [Worker, .. arguments], directory, environment);

    /// <summary>Starts it through a shell, whose <paramref name="script"/> has the worker's command line as <c>"$@"</c>.</summary>
    public static FlexGenProcess StartThrough(string script, string directory, IEnumerable<string> arguments) =>
        Start("sh", ["-c", script, "sh", "dotnet", Worker, .. arguments], directory, []);

    /// <summary>Runs it to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string directory, params string[] arguments)
    {
        using var process = Start(directory, arguments);
        return await process.WaitAsync();
    }

    public Task<ProcessResult> WaitAsync() => WaitAsync(hangGuard);

    /// <exception cref="OperationCanceledException">It still runs after <paramref name="atMost"/>.</exception>
    public async Task<ProcessResult> WaitAsync(TimeSpan atMost)
    {
        using var guard = new CancellationTokenSource(atMost);
        await process.WaitForExitAsync(guard.Token);
        return new ProcessResult(process.ExitCode, await output, await error);
    }

    /// <summary>SIGKILL: nothing of the process runs any more.</summary>
    public void Kill() => process.Kill();

    /// <summary>SIGTERM, as an orchestrator stops a container.</summary>
    public void Terminate() => Send(SignalTerminate);

    /// <summary>SIGHUP, as a terminal that is closed sends it.</summary>
    public void HangUp() => Send(SignalHangUp);

    /// <summary>SIGSTOP: it stands still, and the others take it for dead.</summary>
    public void Suspend()
    {
        Send(SignalStop);
        IsSuspended = true;
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        IsSuspended = false;
        Send(SignalContinue);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private static FlexGenProcess Start(string program, IEnumerable<string> arguments, string directory, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
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

    private void Send(int signal)
    {
        if (SendSignal(process.Id, signal) != 0 && !process.HasExited)
        {
            throw new InvalidOperationException($"signal {signal} to process {process.Id} failed");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
