using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>How a text becomes words. AddPrefixSpace: ByteLevel's, a space in front of a text that has none.</summary>
internal sealed record PreTokenizer(WordSplitter Words, bool AddPrefixSpace = false, Metaspace? Metaspace = null)
{
    public void Encode(ReadOnlySpan<char> text, bool atStart, BpeModel model, List<int> ids)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (AddPrefixSpace && text[0] != ' ')
        {
            text = string.Concat(" ", text);
        }

        if (Metaspace is not null)
        {
            text = Metaspace.Mark(text, atStart);
        }

        Words.Encode(text, model, ids);
    }
}
