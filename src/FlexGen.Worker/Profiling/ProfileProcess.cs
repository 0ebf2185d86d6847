using System.Diagnostics;
using System.Text.Json;
using FlexGen.Engine.Profiling;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Profiling;

/// <summary>
/// Measures this machine in a process of its own. What libtorch has taken of a GPU it keeps to its process's end, and a plan that is made in the same
/// process would count it as taken.
/// </summary>
internal static class ProfileProcess
{
    private const string Prefix = "profile: ", OfAll = "measuring this machine";

    /// <summary>As <see cref="MachineProfiler.Measure"/>.</summary>
    /// <param name="options">Of what.</param>
    /// <param name="say">Told what is being measured.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="UsageException">It could not be measured; the message is the other process's.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static HardwareProfile Measure(ProfileOptions options, Action<string> say, CancellationToken cancellation)
    {
        List<string> arguments = ["profile", "--again", "--json", "--device", options.Device, "--dtype", options.DataType, "--disk-dir", options.DiskDirectory];
        if (options.Quick)
        {
            arguments.Add("--quick");
        }

        var own = Path.Combine(AppContext.BaseDirectory, "flexgen");
        var start = File.Exists(own) ? new ProcessStartInfo(own, arguments) : new ProcessStartInfo("dotnet", [$"{own}.dll", .. arguments]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var process = Process.Start(start)!;
        using var ended = cancellation.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        var last = "";
        process.ErrorDataReceived += (_, line) =>
        {
            last = line.Data is { Length: > 0 } text ? text : last;
            if (line.Data is { } said && said.StartsWith(Prefix, StringComparison.Ordinal) && !said.StartsWith(Prefix + OfAll, StringComparison.Ordinal))
            {
                say(said[Prefix.Length..]);
            }
        };
        process.BeginErrorReadLine();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return process.ExitCode == 0 ? HardwareProfile.Parse(text) : throw new UsageException($"this machine could not be measured: {last}");
        }
        catch (JsonException e)
        {
            throw new UsageException($"this machine could not be measured: {e.Message}");
        }
    }
}
