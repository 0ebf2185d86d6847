using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>One symbol for each byte of the word's UTF-8.</summary>
internal sealed class ByteAlphabet : IAlphabet
{
    private const int None = -1;
    private readonly int[] idOfByte;

    public ByteAlphabet(IReadOnlyDictionary<string, int> vocabulary, int? unknown) =>
        idOfByte = [.. Enumerable.Range(0, 256).Select(value =>
            vocabulary.TryGetValue(ByteLetters.LetterOf((byte)value).ToString(), out var id) ? id : unknown ?? None)];

    public int Spell(ReadOnlySpan<char> word, Span<int> ids)
    {
        Span<byte> bytes = word.Length <= 256 ? stackalloc byte[word.Length * 3] : new byte[word.Length * 3];
        bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
        var count = 0;
        foreach (var value in bytes)
        {
            if (idOfByte[value] is not None and var id)
            {
                ids[count++] = id;
            }
        }
        return count;
    }

    public string Written(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        return string.Create(bytes.Length, bytes, (text, from) =>
        {
            for (var i = 0; i < from.Length; i++)
            {
                text[i] = ByteLetters.LetterOf(from[i]);
            }
        });
    }
}
