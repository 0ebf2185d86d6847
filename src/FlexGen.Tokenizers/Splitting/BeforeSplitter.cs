using System.Buffers;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Cuts before every occurrence of a mark, except behind a character of joined.</summary>
internal sealed class BeforeSplitter(char mark, SearchValues<char> joined) : ISplitter
{
    public int Next(ReadOnlySpan<char> text, int at, out bool drop)
    {
        drop = false;
        do
        {
            var found = text[(at + 1)..].IndexOf(mark);
            at = found < 0 ? text.Length : at + 1 + found;
        }
        while (at < text.Length && joined.Contains(text[at - 1]));
        return at;
    }
}
