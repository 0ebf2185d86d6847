using System.Buffers;
using System.Text;
using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Normalization;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>What SentencePiece does to a text before it looks for pieces: replacements, white space, and U+2581 for
/// spaces. The text of user-defined pieces is not replaced.</summary>
internal sealed class PieceNormalizer(ModelFile file, TokenMatcher userDefined) : INormalizer
{
    private readonly Charsmap? charsmap = file.Charsmap.Length > 0 ? new Charsmap(file.Charsmap) : null;

    public string Normalize(string text, Growth most)
    {
        var result = Replaced(text, most);
        if (file.RemoveExtraWhitespaces)
        {
            result = string.Join(' ', result.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

        if (text.Length == 0 || (file.RemoveExtraWhitespaces && result.Length == 0))
        {
            return "";
        }

        result = file.AddDummyPrefix ? " " + result : result;
        result = file.EscapeWhitespaces ? result.Replace(' ', SpaceBorder.Space) : result;
        // The mark is taken for a space here, wherever it came from.
        return file.RemoveExtraWhitespaces && file.EscapeWhitespaces ? result.TrimEnd(SpaceBorder.Space) : result;
    }

    private string Replaced(string text, Growth most)
    {
        if (charsmap is null)
        {
            return text;
        }

        var result = new StringBuilder(text.Length + 8);
        var from = 0;
        while (userDefined.Next(text, from, null, out var match))
        {
            AppendReplaced(text.AsSpan(from, match.Start - from), result, most);
            result.Append(text, match.Start, match.End - match.Start);
            from = match.End;
        }

        AppendReplaced(text.AsSpan(from), result, most);
        return result.ToString();
    }

    private void AppendReplaced(ReadOnlySpan<char> text, StringBuilder result, Growth most)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        ReadOnlySpan<byte> bytes = buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer));
        while (!bytes.IsEmpty)
        {
            if (charsmap!.Replace(bytes, out var length) is { } replacement)
            {
                most.Require((long)result.Length + replacement.Length);
                result.Append(replacement);
            }
            else
            {
                Rune.DecodeFromUtf8(bytes, out var rune, out length);
                result.Append(rune);
            }

            bytes = bytes[length..];
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }
}
