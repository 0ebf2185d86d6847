namespace FlexGen.Engine;

/// <summary>What a resource has done since the engine was loaded.</summary>
/// <param name="Bytes">Moved.</param>
/// <param name="Busy">Time in which it moved any.</param>
public readonly record struct ResourceWork(long Bytes, TimeSpan Busy)
{
    public double BytesPerSecond => Bytes / Busy.TotalSeconds;
}
