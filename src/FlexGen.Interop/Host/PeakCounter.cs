namespace FlexGen.Interop;

/// <summary>A sum that remembers its highest value.</summary>
internal sealed class PeakCounter
{
    private readonly Lock changing = new();
    private long now;
    private long peak;

    public long Now => Volatile.Read(ref now);

    public long Peak => Volatile.Read(ref peak);

    public void Add(long change)
    {
        lock (changing)
        {
            now += change;
            peak = Math.Max(peak, now);
        }
    }
}
