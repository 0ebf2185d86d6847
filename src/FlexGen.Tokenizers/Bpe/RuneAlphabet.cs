using System.Buffers;
using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>One symbol for each character.</summary>
internal sealed class RuneAlphabet : IAlphabet
{
    private readonly Dictionary<Rune, int> idOfRune = [];
    private readonly MissingCharacters missing;

    public RuneAlphabet(IReadOnlyDictionary<string, int> vocabulary, MissingCharacters missing)
    {
        foreach (var (token, id) in vocabulary)
        {
            if (token.Length is 1 or 2 && Rune.DecodeFromUtf16(token, out var rune, out var length) == OperationStatus.Done && length == token.Length)
            {
                idOfRune.Add(rune, id);
            }
        }

        this.missing = missing;
    }

    public int MostSymbols(ReadOnlySpan<char> word) => Encoding.UTF8.GetByteCount(word);

    public int Spell(ReadOnlySpan<char> word, Span<int> ids)
    {
        var symbols = new SymbolWriter(ids, missing);
        foreach (var rune in word.EnumerateRunes())
        {
            if (idOfRune.TryGetValue(rune, out var id))
            {
                symbols.Add(id);
            }
            else
            {
                symbols.AddMissing(rune);
            }
        }

        symbols.End();
        return symbols.Count;
    }

    public string Written(ReadOnlySpan<char> word) => word.ToString();
}
