namespace FlexGen.Tokenizers.Splitting;

/// <summary>Splits at every occurrence of a string, which stays as a word of its own or is dropped.</summary>
internal sealed class StringSplitter(string separator, bool drops) : ISplitter
{
    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        var found = text[at..].IndexOf(separator, StringComparison.Ordinal);
        drop = drops && found == 0;
        return found switch
        {
            0 => at + separator.Length,
            < 0 => text.Length,
            _ => at + found,
        };
    }
}
