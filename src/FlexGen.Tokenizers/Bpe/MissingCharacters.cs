namespace FlexGen.Tokenizers.Bpe;

/// <summary>What stands for characters that the vocabulary lacks: their bytes (byteFallback) or the unknown token,
/// FuseUnknown: one for a whole run.</summary>
internal sealed class MissingCharacters(IReadOnlyDictionary<string, int> vocabulary, bool byteFallback, int? unknown, bool fuseUnknown)
{
    private const int None = -1;
    private readonly int[] idOfByte = [.. Enumerable.Range(0, 256).Select(
        value => byteFallback ? vocabulary.GetValueOrDefault($"<0x{value:X2}>", None) : None)];

    public int? Unknown { get; } = unknown;

    public bool FuseUnknown { get; } = fuseUnknown;

    public int IdOf(byte value) => idOfByte[value];

    public bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (idOfByte[value] == None)
            {
                return false;
            }
        }

        return true;
    }
}
