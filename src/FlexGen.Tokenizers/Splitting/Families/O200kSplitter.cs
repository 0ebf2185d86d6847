using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>The words of o200k's pattern, which GPT-4o and gpt-oss have, by hand: a word is upper case, then lower case, with
/// one other character in front of it and a contraction behind. Mistral Nemo's has no contractions, and digits one by one.</summary>
internal sealed class O200kSplitter(int digits, bool contractions) : ISplitter
{
    public const string Pattern = Prefix + "[" + Upper + "]*[" + Lower + "]+" + Contraction + "|" + Prefix + "[" + Upper + "]+[" + Lower + "]*" + Contraction
        + @"|\p{N}{1,3}" + End;

    public const string NemoPattern = Prefix + "[" + Upper + "]*[" + Lower + "]+|" + Prefix + "[" + Upper + "]+[" + Lower + @"]*|\p{N}" + End;

    private const string End = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Prefix = @"[^\r\n\p{L}\p{N}]?";
    private const string Upper = @"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}";
    private const string Lower = @"\p{Ll}\p{Lm}\p{Lo}\p{M}";
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

    // In both runs of a word.
    private const CharacterClass Either = CharacterClass.Uncased | CharacterClass.Mark;

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var first = text[at];
        var kind = At(text, at, out var next);
        if (kind == CharacterClass.Number)
        {
            return EndOfRun(text, next, CharacterClass.Number, digits - 1);
        }

        var word = EndOfWord(text, at, first, kind, next);
        if (word > at)
        {
            var contraction = contractions && word < text.Length && text[word] == '\'' ? Words.Contraction(text[word..], ignoreCase: true) : 0;
            return word + contraction;
        }

        var from = first == ' ' ? next : at;
        var others = EndOfRun(text, from, CharacterClass.NoWord);
        return others > from ? Words.EndOfAny(text, others, "\r\n/") : Words.EndOfWhiteSpace(text, at);
    }

    /// <summary>The end of a word without its contraction; at when there is none.</summary>
    private static int EndOfWord(ReadOnlySpan<char> text, int at, char first, CharacterClass kind, int next)
    {
        if ((kind & CharacterClass.Letter) != 0)
        {
            return EndOfCased(text, at, out var upper) is var end && end > at ? end : upper;
        }

        if (first is '\r' or '\n')
        {
            return at;
        }

        var behindPrefix = EndOfCased(text, next, out var upperBehindPrefix);
        if (behindPrefix > next)
        {
            return behindPrefix;
        }
        // A mark in front of capitals is a word by itself, since that matches before capitals without lower case do.
        return kind == CharacterClass.Mark ? next : upperBehindPrefix > next ? upperBehindPrefix : at;
    }

    /// <summary>The end of a run of upper case and a run, not empty, of lower case; at when there is none. upper: where the
    /// first run ends by itself.</summary>
    private static int EndOfCased(ReadOnlySpan<char> text, int at, out int upper)
    {
        var lastEither = at;
        for (upper = at; upper < text.Length && At(text, upper, out var next) is var kind && (kind & (CharacterClass.Upper | Either)) != 0; upper = next)
        {
            lastEither = (kind & Either) != 0 ? next : lastEither;
        }

        var lower = EndOfRun(text, upper, CharacterClass.Lower | Either);
        // Without lower case behind it, the first run gives back what the second needs.
        return lower > upper ? lower : lastEither;
    }
}
