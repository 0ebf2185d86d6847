namespace FlexGen.Dataflow.Checks.Formats;

/// <summary>Identifiers of things and of places in a document.</summary>
internal static class IdentifierFormats
{
    /// <summary>RFC 4122: hexadecimal digits in groups of 8, 4, 4, 4 and 12.</summary>
    public static bool IsUuid(string text) =>
        text.Length == 36 && text.Select((c, i) => i is 8 or 13 or 18 or 23 ? c == '-' : char.IsAsciiHexDigit(c)).All(isRight => isRight);

    /// <summary>RFC 6901.</summary>
    public static bool IsJsonPointer(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '~' && (i + 1 == text.Length || text[i + 1] is not ('0' or '1')))
            {
                return false;
            }
        }

        return text.Length == 0 || text[0] == '/';
    }
}
