using static FlexGen.Tokenizers.Splitting.CharacterClasses;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Sets digits apart from the rest, so many of them together at most.</summary>
internal sealed class DigitsSplitter(int most) : ISplitter
{
    /// <summary>DeepSeek's first split.</summary>
    public const string UpToThreePattern = @"\p{N}{1,3}";

    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var digits = EndOfRun(text, at, CharacterClass.Number, most);
        return digits > at ? digits : EndOfRun(text, at, ~CharacterClass.Number);
    }
}
