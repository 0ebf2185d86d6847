using System.Globalization;
using System.Runtime.InteropServices;

namespace FlexGen.Worker.Hosting;

/// <summary>The signals that ask a run to end: SIGTERM, SIGINT, and SIGHUP unless the process was started to ignore it.</summary>
internal static class Signals
{
    private const string Status = "/proc/self/status";
    private const string IgnoredMask = "SigIgn:";
    private const ulong HangUp = 1;

    private static readonly CancellationTokenSource terminated = new();
    private static readonly List<PosixSignalRegistration> taken = [];

    /// <summary>From the first call on they no longer end the process by themselves.</summary>
    /// <returns>Cancelled by the first of them.</returns>
    public static CancellationToken Take()
    {
        if (taken.Count == 0)
        {
            taken.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
            taken.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
            // A handler of ours would undo what nohup did.
            if (!IsHangUpIgnored())
            {
                taken.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop));
            }
        }

        return terminated.Token;
    }

    private static void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        terminated.Cancel();
    }

    private static bool IsHangUpIgnored() =>
        File.Exists(Status)
        && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(IgnoredMask, StringComparison.Ordinal)) is { } mask
        && (ulong.Parse(mask.AsSpan(IgnoredMask.Length), NumberStyles.AllowHexSpecifier | NumberStyles.AllowLeadingWhite,
            CultureInfo.InvariantCulture) & HangUp) != 0;
}
