using System.Buffers;
using System.Text;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>One symbol for each character; for characters the vocabulary lacks, their bytes (byte fallback) or the
/// unknown token, fuseUnknown: one for a whole run.</summary>
internal sealed class RuneAlphabet : IAlphabet
{
    private readonly Dictionary<Rune, int> idOfRune = [];
    private readonly int[]? idOfByte;
    private readonly int? unknown;
    private readonly bool fuseUnknown;

    public RuneAlphabet(IReadOnlyDictionary<string, int> vocabulary, bool byteFallback, int? unknown, bool fuseUnknown)
    {
        foreach (var (token, id) in vocabulary)
        {
            if (token.Length is 1 or 2 && Rune.DecodeFromUtf16(token, out var rune, out var length) == OperationStatus.Done && length == token.Length)
            {
                idOfRune.Add(rune, id);
            }
        }
        var bytes = Enumerable.Range(0, 256).Select(value => vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1)).ToArray();
        idOfByte = byteFallback && !bytes.Contains(-1) ? bytes : null;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
    }

    public int Spell(ReadOnlySpan<char> word, Span<int> ids)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        var afterUnknown = false;
        foreach (var rune in word.EnumerateRunes())
        {
            var wasUnknown = afterUnknown;
            afterUnknown = false;
            if (idOfRune.TryGetValue(rune, out var id))
            {
                ids[count++] = id;
            }
            else if (idOfByte is not null)
            {
                foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    ids[count++] = idOfByte[value];
                }
            }
            else if (unknown is { } stand)
            {
                afterUnknown = true;
                if (!(wasUnknown && fuseUnknown))
                {
                    ids[count++] = stand;
                }
            }
        }
        return count;
    }

    public string Written(ReadOnlySpan<char> word) => word.ToString();
}
