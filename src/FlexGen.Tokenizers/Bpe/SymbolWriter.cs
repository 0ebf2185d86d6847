using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>Writes the symbols of one word. A character that the vocabulary lacks is written in its bytes, if all of them
/// are tokens, or as the unknown token. That one is held back until a character follows that the vocabulary has, so that it
/// stands behind the bytes of those in between, as the tokenizers library has it.</summary>
internal ref struct SymbolWriter(Span<int> ids, MissingCharacters missing)
{
    private readonly Span<int> ids = ids;
    private bool owesUnknown;

    public int Count { get; private set; }

    public void Add(int id)
    {
        End();
        ids[Count++] = id;
    }

    public void AddMissing(Rune character)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..character.EncodeToUtf8(bytes)];
        if (missing.HasAll(bytes))
        {
            foreach (var value in bytes)
            {
                ids[Count++] = missing.IdOf(value);
            }
        }
        else if (missing.Unknown is not null)
        {
            if (!missing.FuseUnknown)
            {
                End();
            }

            owesUnknown = true;
        }
    }

    public void End()
    {
        if (owesUnknown)
        {
            ids[Count++] = missing.Unknown!.Value;
            owesUnknown = false;
        }
    }
}
