namespace FlexGen.Tokenizers.Splitting;

/// <summary>Cuts behind every occurrence of a string.</summary>
internal sealed class AfterSplitter(string separator) : ISplitter
{
    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var found = text[at..].IndexOf(separator, StringComparison.Ordinal);
        return found < 0 ? text.Length : at + found + separator.Length;
    }
}
