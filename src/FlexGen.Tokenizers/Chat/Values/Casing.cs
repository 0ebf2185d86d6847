using System.Text;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Capitals and small letters.</summary>
internal static class Casing
{
    public static Text Upper(Text text) => text.Map(Upper);

    public static Text Lower(Text text) => text.Map(Lower);

    /// <summary>The first character a capital, the others small.</summary>
    public static Text Capitalize(Text text) => Words(text, (_, isFirst) => isFirst);

    /// <summary>Python's title(): what follows no letter is a capital.</summary>
    public static Text Title(Text text) => Words(text, (before, _) => before is not { } letter || !Rune.IsLetter(letter));

    /// <summary>The filter title: what follows a space, a hyphen or an opening bracket is a capital.</summary>
    public static Text TitleOfWords(Text text) =>
        Words(text, (before, _) => before is not { } one || one.Value is '-' or '(' or '{' or '[' or '<' || (one.IsBmp && Trimming.IsSpace((char)one.Value)));

    private static Text Words(Text text, Func<Rune?, bool, bool> isCapital)
    {
        var result = new Text.Builder();
        Rune? before = null;
        foreach (var one in text.Each())
        {
            var capital = isCapital(before, before is null);
            result.Append(one.Map(value => capital ? Upper(value) : Lower(value)));
            Rune.DecodeFromUtf16(one.Value, out var rune, out _);
            before = rune;
        }

        return result.ToText();
    }

    // One letter each way becomes two.
    private static string Lower(string value) => value.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    private static string Upper(string value) => value.ToUpperInvariant().Replace("\u00DF", "SS", StringComparison.Ordinal);
}
