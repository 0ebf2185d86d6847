namespace FlexGen.Tokenizers.Bpe;

/// <summary>The ids of words seen lately. Bounded: words that share a place displace each other. Thread-safe without
/// locks, as entries are immutable and replaced whole.</summary>
internal sealed class WordCache
{
    private const int Places = 1 << 15;
    private const int LongestWord = 32;
    private readonly Entry?[] entries = new Entry?[Places];

    public int[]? Find(ReadOnlySpan<char> word) =>
        entries[PlaceOf(word)] is { } entry && word.SequenceEqual(entry.Word) ? entry.Ids : null;

    public void Add(ReadOnlySpan<char> word, int[] ids)
    {
        if (word.Length <= LongestWord)
        {
            entries[PlaceOf(word)] = new Entry(word.ToString(), ids);
        }
    }

    private static int PlaceOf(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Places - 1);

    private sealed record Entry(string Word, int[] Ids);
}
