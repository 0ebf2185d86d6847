using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>SentencePiece's decoding: each byte that is part of no character becomes U+FFFD by itself.</summary>
internal sealed class SentencePieceDecoder(SentencePieceDecoding decoding) : IncrementalDecoder
{
    private readonly List<byte> pending = [];
    private bool atStart = decoding.StripsSpace;

    public override bool HidesFirstSpace => decoding.StripsSpace;

    public override string Append(int id)
    {
        if (decoding.ByteOf(id) is { } value)
        {
            pending.Add(value);
            return Shown(Drain(final: false));
        }

        if (decoding.TextOf(id) is not { } text)
        {
            return "";
        }

        var before = Shown(Drain(final: true));
        if (atStart && text.StartsWith(SpaceBorder.Space))
        {
            text = text[1..];
            atStart = decoding.StripsAllSpaces;
        }

        return before + Shown(text.Replace(SpaceBorder.Space, ' '));
    }

    public override byte[]? BytesOf(int id) => decoding.ByteOf(id) is { } value ? [value]
        : decoding.TextOf(id) is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text.Replace(SpaceBorder.Space, ' ')) : null;

    public override string Flush() => Shown(Drain(final: true));

    private string Shown(string text)
    {
        atStart &= text.Length == 0;
        return text;
    }

    private string Drain(bool final)
    {
        if (pending.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        var bytes = CollectionsMarshal.AsSpan(pending);
        var used = 0;
        while (used < bytes.Length)
        {
            var status = Rune.DecodeFromUtf8(bytes[used..], out var rune, out var length);
            if (status == OperationStatus.NeedMoreData && !final)
            {
                break;
            }

            text.Append(rune);
            used += status == OperationStatus.Done ? length : 1;
        }

        pending.RemoveRange(0, used);
        return text.ToString();
    }
}
