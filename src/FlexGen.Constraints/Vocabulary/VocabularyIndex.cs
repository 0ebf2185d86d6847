namespace FlexGen.Constraints.Vocabulary;

/// <summary>A vocabulary, and what is computed of it once.</summary>
/// <param name="tokens">By id, bytes; null where a token writes none.</param>
internal sealed class VocabularyIndex(IReadOnlyList<byte[]?> tokens)
{
    private readonly Lazy<ClosingTokens> closing = new(() => new ClosingTokens(tokens));

    public IReadOnlyList<byte[]?> Tokens { get; } = tokens;

    public TokenTrie Trie { get; } = TokenTrie.Of(tokens);

    /// <summary>Words of a mask.</summary>
    public int Words { get; } = TokenSet.Words(tokens.Count);

    public int Size => Tokens.Count;

    /// <summary>Those that end a JSON string, as seen from within it.</summary>
    public ClosingTokens Closing => closing.Value;
}
