namespace FlexGen.Planning.Hardware;

/// <summary>What a sweep costs at its ends: layouts, logits, tokens, those who wait.</summary>
/// <param name="FixedSeconds">Of a micro-batch.</param>
/// <param name="RowSeconds">Of a sequence.</param>
/// <param name="LogitSeconds">Of an element of the logits.</param>
public sealed record SweepOverhead(double FixedSeconds, double RowSeconds, double LogitSeconds);
