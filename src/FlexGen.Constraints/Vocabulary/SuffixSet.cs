namespace FlexGen.Constraints.Vocabulary;

/// <summary>What some tokens have after a place in them, each such suffix once.</summary>
internal sealed class SuffixSet
{
    private readonly Dictionary<string, int> numbers = [];
    private readonly List<(ReadOnlyMemory<byte> Bytes, int Number)> suffixes = [];
    private TokenTrie? trie;

    /// <summary>The suffixes, by number.</summary>
    public TokenTrie Trie => trie ??= new TokenTrie([.. suffixes]);

    public int Count => suffixes.Count;

    /// <summary>The number of a suffix. No more are added once <see cref="Trie"/> is asked for.</summary>
    public int NumberOf(ReadOnlyMemory<byte> suffix)
    {
        var key = System.Text.Encoding.Latin1.GetString(suffix.Span);
        if (!numbers.TryGetValue(key, out var number))
        {
            numbers[key] = number = suffixes.Count;
            suffixes.Add((suffix, number));
        }

        return number;
    }
}
