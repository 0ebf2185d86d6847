using System.Globalization;

namespace FlexGen.Worker.Hosting;

/// <summary>What the process was told about signals when it was started.</summary>
internal static class Signals
{
    private const string Status = "/proc/self/status";
    private const string IgnoredMask = "SigIgn:";
    private const ulong HangUp = 1;

    /// <summary>Whether SIGHUP was ignored, as <c>nohup</c> has it; a handler of ours would undo that. Ask before there is one.</summary>
    public static bool IsHangUpIgnored { get; } =
        File.Exists(Status)
        && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(IgnoredMask, StringComparison.Ordinal)) is { } mask
        && (ulong.Parse(mask.AsSpan(IgnoredMask.Length), NumberStyles.AllowHexSpecifier | NumberStyles.AllowLeadingWhite,
            CultureInfo.InvariantCulture) & HangUp) != 0;
}
