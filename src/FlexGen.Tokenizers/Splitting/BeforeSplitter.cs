namespace FlexGen.Tokenizers.Splitting;

/// <summary>Cuts before a mark: before each one, or only before each run of them.</summary>
internal sealed class BeforeSplitter(char mark, bool runs) : ISplitter
{
    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        var body = at + 1;
        while (runs && body < text.Length && text[body - 1] == mark && text[body] == mark)
        {
            body++;
        }
        var found = text[body..].IndexOf(mark);
        return found < 0 ? text.Length : body + found;
    }
}
