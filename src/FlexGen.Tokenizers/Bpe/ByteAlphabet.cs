using System.Buffers;
using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>One symbol for each byte of the word's UTF-8, which the vocabulary writes as a letter.</summary>
internal sealed class ByteAlphabet(IReadOnlyDictionary<string, int> vocabulary, MissingCharacters missing) : IAlphabet
{
    private const int None = -1;
    private readonly int[] idOfByte = [.. Enumerable.Range(0, 256).Select(
        value => vocabulary.GetValueOrDefault(ByteLetters.LetterOf((byte)value).ToString(), None))];

    // A letter that is missing may be written in the two bytes of its own UTF-8.
    public int MostSymbols(ReadOnlySpan<char> word) => checked(Encoding.UTF8.GetByteCount(word) * 2);

    public int Spell(ReadOnlySpan<char> word, Span<int> ids)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        var symbols = new SymbolWriter(ids, missing);
        foreach (var value in buffer.AsSpan(0, Encoding.UTF8.GetBytes(word, buffer)))
        {
            if (idOfByte[value] is not None and var id)
            {
                symbols.Add(id);
            }
            else
            {
                symbols.AddMissing(new Rune(ByteLetters.LetterOf(value)));
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        symbols.End();
        return symbols.Count;
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
