namespace FlexGen.Constraints.Vocabulary;

/// <summary>A vocabulary, and what is computed of it once.</summary>
/// <param name="tokens">By id, bytes; null where a token writes none.</param>
internal sealed class VocabularyIndex(IReadOnlyList<byte[]?> tokens)
{
    private readonly Lazy<ClosingTokens> closing = new(() => new ClosingTokens(tokens));
    private readonly Lazy<(int[] Points, int[] Tokens)> byLength = new(() => ByLength(tokens));

    public IReadOnlyList<byte[]?> Tokens { get; } = tokens;

    public TokenTrie Trie { get; } = TokenTrie.Of(tokens);

    /// <summary>Words of a mask.</summary>
    public int Words { get; } = TokenSet.Words(tokens.Count);

    public int Size => Tokens.Count;

    /// <summary>Those that end a JSON string, as seen from within it.</summary>
    public ClosingTokens Closing => closing.Value;

    /// <summary>The tokens that have more code points than some, and perhaps others.</summary>
    public ReadOnlySpan<int> LongerThan(int points)
    {
        var index = byLength.Value.Points.AsSpan().BinarySearch(points + 1);
        index = index < 0 ? ~index : index;
        while (index > 0 && byLength.Value.Points[index - 1] > points)
        {
            index--;
        }

        return byLength.Value.Tokens.AsSpan(index);
    }

    private static (int[], int[]) ByLength(IReadOnlyList<byte[]?> tokens)
    {
        var ids = Enumerable.Range(0, tokens.Count).Where(token => tokens[token] is { Length: > 0 }).ToArray();
        // The first bytes may be the rest of one.
        var points = Array.ConvertAll(ids, token => 1 + tokens[token]!.Count(value => value is < 0x80 or > 0xBF));
        Array.Sort(points, ids);
        return (points, ids);
    }
}
