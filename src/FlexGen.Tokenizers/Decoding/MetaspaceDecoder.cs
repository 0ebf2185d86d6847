using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.Decoding;

/// <summary>Turns Metaspace's marks into spaces; those of the first token go, where encoding puts one there.</summary>
internal sealed class MetaspaceDecoder(Vocabulary vocabulary, Metaspace metaspace) : IncrementalDecoder
{
    private bool atStart = metaspace.Prepend != MetaspacePrepend.Never;

    public override string Append(int id)
    {
        if (vocabulary.VisibleTextOf(id) is not { } text)
        {
            return "";
        }

        var space = atStart ? "" : " ";
        atStart = false;
        return text.Replace(metaspace.Replacement.ToString(), space, StringComparison.Ordinal);
    }

    public override string Flush() => "";
}
