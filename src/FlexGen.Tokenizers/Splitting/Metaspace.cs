namespace FlexGen.Tokenizers.Splitting;

/// <summary>Writes a mark for every space and in front of texts that do not begin with one.</summary>
internal sealed record Metaspace(char Replacement, MetaspacePrepend Prepend)
{
    public string Mark(ReadOnlySpan<char> text, bool atStart)
    {
        var marked = text.ToString().Replace(' ', Replacement);
        var wanted = Prepend == MetaspacePrepend.Always || (Prepend == MetaspacePrepend.First && atStart);
        return wanted && marked[0] != Replacement ? Replacement + marked : marked;
    }
}
