namespace FlexGen.Tokenizers.Normalization;

/// <summary>Korean syllables, composed by arithmetic (The Unicode Standard, section 3.12).</summary>
internal static class Hangul
{
    private const int Syllables = 0xAC00, Leads = 0x1100, Vowels = 0x1161, Tails = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28;

    public static bool IsSyllable(int code) => code is >= Syllables and < Syllables + (LeadCount * VowelCount * TailCount);

    /// <summary>The vowels and tails, which may join what stands before them.</summary>
    public static IEnumerable<int> Joining() =>
        Enumerable.Range(Vowels, VowelCount).Concat(Enumerable.Range(Tails + 1, TailCount - 1));

    public static void Decompose(int code, List<int> parts)
    {
        var index = code - Syllables;
        parts.Add(Leads + (index / (VowelCount * TailCount)));
        parts.Add(Vowels + (index / TailCount % VowelCount));
        if (index % TailCount != 0)
        {
            parts.Add(Tails + (index % TailCount));
        }
    }

    public static int? Composed(int first, int second)
    {
        if (first is >= Leads and < Leads + LeadCount && second is >= Vowels and < Vowels + VowelCount)
        {
            return Syllables + ((((first - Leads) * VowelCount) + second - Vowels) * TailCount);
        }

        var joins = IsSyllable(first) && (first - Syllables) % TailCount == 0 && second is > Tails and < Tails + TailCount;
        return joins ? first + second - Tails : null;
    }
}
