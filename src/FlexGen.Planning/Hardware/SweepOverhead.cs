namespace FlexGen.Planning.Hardware;

/// <summary>What a sweep costs at its ends: layouts, logits, tokens, those who wait.</summary>
/// <param name="FixedSeconds">Of a micro-batch.</param>
/// <param name="RowSeconds">Of a sequence.</param>
/// <param name="LogitSeconds">Of an element of the logits.</param>
/// <param name="CopySeconds">Of the engine's thread, for each copy that it asks for and waits for on the way.</param>
public sealed record SweepOverhead(double FixedSeconds, double RowSeconds, double LogitSeconds, double CopySeconds);
