namespace FlexGen.Constraints.Vocabulary;

/// <summary>The tokens that end a JSON string in which they begin, between two of its characters.</summary>
internal sealed class ClosingTokens
{
    private readonly Dictionary<int, int> suffixOf = [];

    /// <param name="tokens">By id, bytes; null where a token writes none.</param>
    public ClosingTokens(IReadOnlyList<byte[]?> tokens)
    {
        var heads = new List<(ReadOnlyMemory<byte>, int)>();
        foreach (var (id, bytes) in tokens.Index())
        {
            if (bytes is not null && Quote(bytes) is var quote && quote >= 0)
            {
                heads.Add((bytes.AsMemory(0, quote + 1), id));
                suffixOf[id] = Suffixes.NumberOf(bytes.AsMemory(quote + 1));
            }
        }

        Heads = new TokenTrie(heads);
        // Asked for here, so that nobody makes it while another does.
        _ = Suffixes.Trie;
    }

    /// <summary>The tokens up to the quote, with it.</summary>
    public TokenTrie Heads { get; }

    /// <summary>What they have after it.</summary>
    public SuffixSet Suffixes { get; } = new();

    /// <summary>The number of a token's suffix.</summary>
    public int SuffixOf(int token) => suffixOf[token];

    private static int Quote(byte[] bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            switch (bytes[i])
            {
                case (byte)'"':
                    return i;
                case (byte)'\\':
                    i++;
                    break;
            }
        }

        return -1;
    }
}
