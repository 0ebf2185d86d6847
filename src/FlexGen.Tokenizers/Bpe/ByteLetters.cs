using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>GPT-2's way to write bytes as letters: printable Latin-1 as itself, the others from U+0100 on.</summary>
internal static class ByteLetters
{
    private static readonly char[] letters = Make();
    private static readonly Dictionary<char, byte> bytes = letters.Select((letter, value) => (letter, value))
        .ToDictionary(pair => pair.letter, pair => (byte)pair.value);

    public static char LetterOf(byte value) => letters[value];

    /// <summary>The bytes a token stands for; the UTF-8 of its text when it is not written in these letters.</summary>
    public static byte[] BytesOf(string token) => token.All(bytes.ContainsKey)
        ? [.. token.Select(letter => bytes[letter])]
        : Encoding.UTF8.GetBytes(token);

    private static char[] Make()
    {
        var next = '\u0100';
        return [.. Enumerable.Range(0, 256).Select(value =>
            value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : next++)];
    }
}
