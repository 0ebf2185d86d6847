using System.Runtime.InteropServices;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>The ids of words seen lately. Bounded: words that share a place displace each other. Thread-safe without
/// locks, as entries are immutable and replaced whole.</summary>
internal sealed class WordCache
{
    private const int Places = 1 << 15;
    private const int LongestWord = 32;
    private readonly Entry?[] entries = new Entry?[Places];

    public int[]? Find(ReadOnlySpan<char> word) =>
        word.Length <= LongestWord && entries[PlaceOf(word)] is { } entry && word.SequenceEqual(entry.Word) ? entry.Ids : null;

    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord)
        {
            entries[PlaceOf(word)] = new Entry(word.ToString(), ids.ToArray());
        }
    }

    private static int PlaceOf(ReadOnlySpan<char> word)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)word.Length;
        while (word.Length >= 4)
        {
            hash = (hash ^ MemoryMarshal.Cast<char, ulong>(word)[0]) * factor;
            hash ^= hash >> 32;
            word = word[4..];
        }

        foreach (var unit in word)
        {
            hash = (hash ^ unit) * factor;
        }

        return (int)(hash >> 32) & (Places - 1);
    }

    private sealed record Entry(string Word, int[] Ids);
}
