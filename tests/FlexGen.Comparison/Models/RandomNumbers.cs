namespace FlexGen.Comparison.Models;

/// <summary>Numbers that are nearly normal, each by its place alone: the sum of four numbers that one hash of the place (SplitMix64) has in its quarters.</summary>
internal static class RandomNumbers
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>Fills with numbers of a deviation, rounded to bfloat16.</summary>
    public static void Fill(Span<float> numbers, ulong seed, double deviation)
    {
        // Four uniform numbers of 0 to 65,535 have a mean of 131,070 and a variance of (65,536^2 - 1) / 3.
        var factor = (float)(deviation / Math.Sqrt(((65_536.0 * 65_536.0) - 1) / 3));
        for (var i = 0; i < numbers.Length; i++)
        {
            var hash = Hash(seed + ((ulong)i * Step));
            var sum = (int)((hash & 0xffff) + (hash >> 16 & 0xffff) + (hash >> 32 & 0xffff) + (hash >> 48));
            numbers[i] = InBFloat16((sum - 131_070) * factor);
        }
    }

    public static ulong Hash(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>To the nearest, to even where two are equally near.</summary>
    private static float InBFloat16(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
    }
}
