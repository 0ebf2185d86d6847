using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting.Families;

/// <summary>DeepSeek's third split, into words, by hand. Its pattern does not match everywhere: what lies between two matches
/// is a word as well.</summary>
internal sealed class DeepSeekSplitter : ISplitter
{
    public const string Pattern = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^" + "\r\n" + @"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["
        + "\r\n" + @"]*|\s*[" + "\r\n" + @"]+|\s+(?!\S)|\s+";

    private const CharacterClass Word = CharacterClass.Letter | CharacterClass.Mark;

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var end = EndOfMatch(text, at);
        if (end > at)
        {
            return end;
        }

        do
        {
            At(text, at, out at);
        }
        while (at < text.Length && EndOfMatch(text, at) == at);
        return at;
    }

    /// <summary>The end of the match that begins at at; at itself when there is none.</summary>
    private static int EndOfMatch(ReadOnlySpan<char> text, int at)
    {
        var first = text[at];
        var kind = At(text, at, out var next);
        if ((kind & Word) != 0)
        {
            return EndOfRun(text, next, Word);
        }

        if (kind == CharacterClass.Sign)
        {
            var letters = next;
            while (char.IsAscii(first) && letters < text.Length && char.IsAsciiLetter(text[letters]))
            {
                letters++;
            }

            return letters > next ? letters : EndOfSigns(text, at);
        }

        if (first is not ('\r' or '\n') && EndOfRun(text, next, Word) is var word && word > next)
        {
            return word;
        }

        if (first == ' ' && EndOfSigns(text, next) is var signs && signs > next)
        {
            return signs;
        }

        return kind == CharacterClass.Space ? Words.EndOfWhiteSpace(text, at) : at;
    }

    private static int EndOfSigns(ReadOnlySpan<char> text, int at)
    {
        var end = EndOfRun(text, at, CharacterClass.Sign);
        return end > at ? Words.EndOfAny(text, end, "\r\n") : at;
    }
}
