namespace FlexGen.Engine.Sampling;

/// <summary>
/// Random numbers that are a pure function of (seed, prompt, step), so that a sequence draws the same ones in whatever batch it
/// runs. The mixer is SplitMix64's finaliser (Steele, Lea, Flood 2014).
/// </summary>
internal readonly struct CounterRandom
{
    private readonly ulong key;

    public CounterRandom(long seed, ReadOnlySpan<int> promptTokens)
    {
        var hash = Mix((ulong)seed + 0x9E3779B97F4A7C15UL);
        foreach (var token in promptTokens)
        {
            hash = Mix(hash ^ (uint)token);
        }

        key = hash;
    }

    /// <summary>The number of this step, in [0, 1).</summary>
    public double Uniform(int step) => (Mix(key + ((ulong)step * 0x9E3779B97F4A7C15UL)) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
