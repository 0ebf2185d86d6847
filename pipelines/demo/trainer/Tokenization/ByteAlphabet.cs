namespace FlexGen.Demo.Tokenization;

/// <summary>GPT-2's printable stand-ins for bytes, in which vocab.json and merges.txt are written.</summary>
internal static class ByteAlphabet
{
    /// <summary>The stand-in of each byte: itself where it is printable in Latin-1, else the next free character from U+0100.</summary>
    public static readonly char[] Characters = Build();

    /// <summary>What a space is written as.</summary>
    public const char Space = 'Ġ';

    private static char[] Build()
    {
        var characters = new char[256];
        var free = 256;
        for (var b = 0; b < 256; b++)
        {
            characters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)free++;
        }

        return characters;
    }
}
