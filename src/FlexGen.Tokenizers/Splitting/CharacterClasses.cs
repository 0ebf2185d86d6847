using System.Globalization;
using System.Text;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Classes of whole code points. Regex is no use here: it sees the two halves of a character outside the
/// basic plane one by one, and takes neither for a letter.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] basicPlane = [.. Enumerable.Range(0, 0x10000).Select(
        unit => Of(CharUnicodeInfo.GetUnicodeCategory((char)unit), char.IsWhiteSpace((char)unit)))];

    /// <summary>The class of the character at text[at]; next is where the one after it begins.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int at, out int next)
    {
        var unit = text[at];
        next = at + 1;
        if (!char.IsSurrogate(unit))
        {
            return basicPlane[unit];
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
        next = at + length;
        return Of(Rune.GetUnicodeCategory(rune), false);
    }

    /// <summary>Where the run of characters of the wanted classes that begins at at ends; at itself when there is none.</summary>
    public static int EndOfRun(ReadOnlySpan<char> text, int at, CharacterClass wanted, int most = int.MaxValue)
    {
        while (at < text.Length && most-- > 0 && (At(text, at, out var next) & wanted) != 0)
        {
            at = next;
        }

        return at;
    }

    /// <summary>Whether a character is one of words, as \w has it.</summary>
    public static bool IsWord(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    private static CharacterClass Of(UnicodeCategory category, bool isSpace) => category switch
    {
        _ when isSpace => CharacterClass.Space,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterClass.Upper,
        UnicodeCategory.LowercaseLetter => CharacterClass.Lower,
        <= UnicodeCategory.OtherLetter => CharacterClass.Uncased,
        <= UnicodeCategory.EnclosingMark => CharacterClass.Mark,
        <= UnicodeCategory.OtherNumber => CharacterClass.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherSymbol => CharacterClass.Sign,
        _ => CharacterClass.Other,
    };
}
