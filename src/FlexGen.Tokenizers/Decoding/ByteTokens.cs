using System.Globalization;

namespace FlexGen.Tokenizers.Decoding;

/// <summary>Tokens such as &lt;0x0A&gt;, which stand for a byte.</summary>
internal static class ByteTokens
{
    public static byte? ValueOf(string? token) =>
        token is ['<', '0', 'x', _, _, '>']
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
}
