using System.Text;

namespace FlexGen.Tokenizers.Decoding;

/// <summary>Joins the bytes of tokens and reads them as UTF-8. Ids without text have no bytes.</summary>
internal sealed class ByteLevelDecoder(byte[]?[] bytesOfId) : IncrementalDecoder
{
    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();

    public override bool HidesFirstSpace => false;

    public override string Append(int id) => BytesOf(id) is { } bytes ? Decode(bytes, flush: false) : "";

    public override byte[]? BytesOf(int id) => (uint)id < (uint)bytesOfId.Length && bytesOfId[id] is { Length: > 0 } bytes ? bytes : null;

    public override string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var text = bytes.Length <= 128 ? stackalloc char[bytes.Length + 4] : new char[bytes.Length + 4];
        return text[..utf8.GetChars(bytes, text, flush)].ToString();
    }
}
