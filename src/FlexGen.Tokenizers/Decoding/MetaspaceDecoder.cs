using System.Text;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.Decoding;

/// <summary>Turns Metaspace's marks into spaces; those of the first token go, where encoding puts one there.</summary>
internal sealed class MetaspaceDecoder(Vocabulary vocabulary, Metaspace metaspace) : IncrementalDecoder
{
    private bool atStart = metaspace.Prepend != MetaspacePrepend.Never;

    public override bool HidesFirstSpace => metaspace.Prepend != MetaspacePrepend.Never;

    public override string Append(int id)
    {
        if (vocabulary.VisibleTextOf(id) is not { } text)
        {
            return "";
        }

        var space = atStart ? "" : " ";
        atStart = false;
        return WithSpaces(text, space);
    }

    public override byte[]? BytesOf(int id) =>
        vocabulary.VisibleTextOf(id) is { Length: > 0 } text ? Encoding.UTF8.GetBytes(WithSpaces(text, " ")) : null;

    public override string Flush() => "";

    private string WithSpaces(string text, string space) => text.Replace(metaspace.Replacement.ToString(), space, StringComparison.Ordinal);
}
