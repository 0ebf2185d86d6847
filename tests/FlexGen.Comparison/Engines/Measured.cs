using System.Globalization;

namespace FlexGen.Comparison.Engines;

/// <summary>What came of one <see cref="RunRequest"/>.</summary>
/// <param name="Tokens">[prompts][new tokens].</param>
/// <param name="LoadSeconds">Before the first token, warming up included; no part of the others.</param>
/// <param name="PrefillSeconds">Until each prompt has its first token.</param>
/// <param name="Seconds">From the first prompt to the last token.</param>
/// <param name="Detail">What else is to be known of how it ran.</param>
internal sealed record Measured(int[][] Tokens, double LoadSeconds, double PrefillSeconds, double Seconds, string Detail)
{
    /// <summary>The most memory that the process had, pages of mapped files among it.</summary>
    public long PeakBytes { get; init; } = 1024 * long.Parse(
        File.ReadLines("/proc/self/status").Single(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    public double TokensPerSecond => Tokens.Sum(t => t.Length) / Seconds;
}
