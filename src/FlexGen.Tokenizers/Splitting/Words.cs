using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>The parts that split patterns share.</summary>
internal static class Words
{
    /// <summary>The length of 's, 't, 're, 've, 'm, 'll or 'd at the start of a text that begins with an apostrophe;
    /// 0 when it is none.</summary>
    public static int Contraction(ReadOnlySpan<char> text, bool ignoreCase)
    {
        var first = Letter(text, 1, ignoreCase);
        return (first, first is 'r' or 'v' or 'l' ? Letter(text, 2, ignoreCase) : '\0') switch
        {
            ('s' or 't' or 'm' or 'd', _) => 2,
            ('r', 'e') or ('v', 'e') or ('l', 'l') => 3,
            _ => 0,
        };
    }

    /// <summary>The end of \s+(?!\S)|\s+ at at: a run of white space, less its last character where a word follows.</summary>
    public static int EndOfSpaces(ReadOnlySpan<char> text, int at)
    {
        var end = EndOfRun(text, at, CharacterClass.Space);
        return end < text.Length && end - at > 1 ? end - 1 : end;
    }

    /// <summary>The end of \s*[\r\n]+|\s+(?!\S)|\s+ at at.</summary>
    public static int EndOfWhiteSpace(ReadOnlySpan<char> text, int at)
    {
        var run = text[at..EndOfRun(text, at, CharacterClass.Space)];
        var lastBreak = run.LastIndexOfAny('\r', '\n');
        return lastBreak >= 0 ? at + lastBreak + 1 : EndOfSpaces(text, at);
    }

    /// <summary>Where the run of some of these characters that begins at at ends.</summary>
    public static int EndOfAny(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> characters)
    {
        var length = text[at..].IndexOfAnyExcept(characters);
        return length < 0 ? text.Length : at + length;
    }

    private static char Letter(ReadOnlySpan<char> text, int at, bool ignoreCase)
    {
        var letter = at < text.Length ? text[at] : '\0';
        return letter switch
        {
            >= 'A' and <= 'Z' when ignoreCase => (char)(letter | 0x20),
            // Case folding makes the long s an s.
            '\u017F' when ignoreCase => 's',
            _ => letter,
        };
    }
}
