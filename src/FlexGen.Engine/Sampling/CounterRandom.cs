using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Sampling;

/// <summary>
/// Random numbers that are a pure function of (seed, prompt, step, token id), so that a sequence draws the same ones in whatever batch it
/// runs. The mixer is SplitMix64's finaliser (Steele, Lea, Flood 2014).
/// </summary>
internal readonly struct CounterRandom
{
    /// <summary>What a counter's steps are apart: the golden ratio's bits.</summary>
    public const ulong Step = 0x9E3779B97F4A7C15;

    private const ulong First = 0xBF58476D1CE4E5B9, Second = 0x94D049BB133111EB;
    private readonly ulong key;

    public CounterRandom(long seed, ReadOnlySpan<int> promptTokens)
    {
        var hash = Mix((ulong)seed + Step);
        foreach (var token in promptTokens)
        {
            hash = Mix(hash ^ (uint)token);
        }

        key = hash;
    }

    /// <summary>The number of a step, which <see cref="TokenNoise"/> is made from.</summary>
    public ulong At(int step) => Mix(key + ((ulong)step * Step));

    /// <summary>Four numbers whose every bit depends on every bit of what it is made from.</summary>
    public static Vector256<ulong> Mix(Vector256<ulong> z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }
}
