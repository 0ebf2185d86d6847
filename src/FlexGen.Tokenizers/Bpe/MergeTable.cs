using System.Numerics;

namespace FlexGen.Tokenizers.Bpe;

/// <summary>The merges of a byte-pair encoding, by the ids of the pair. A table of its own, since Dictionary hashes the pair
/// to one id xor the other: all pairs of equal ids fall together. The factor is drawn, so that no vocabulary is made to collide.</summary>
internal sealed class MergeTable
{
    private const ulong Free = ulong.MaxValue;
    private readonly ulong factor = ((ulong)Random.Shared.NextInt64() << 1) | 1;
    private Entry[] entries = [];
    private int shift;
    private int count;

    /// <param name="capacity">How many merges to expect; more are taken.</param>
    public MergeTable(int capacity) => Resize(capacity);

    /// <summary>The most places that a lookup visits.</summary>
    internal int LongestSearch
    {
        get
        {
            int longest = 1, run = 1;
            foreach (var entry in entries)
            {
                run = entry.Key == Free ? 1 : run + 1;
                longest = Math.Max(longest, run);
            }

            return longest;
        }
    }

    /// <summary>Adds a merge; of a pair that comes twice the last one holds.</summary>
    public void Add(int left, int right, Merge merge)
    {
        if (count >= entries.Length / 2)
        {
            var old = entries;
            Resize(entries.Length);
            foreach (var entry in old)
            {
                if (entry.Key != Free)
                {
                    entries[PlaceOf(entry.Key)] = entry;
                }
            }
        }

        ref var place = ref entries[PlaceOf(Key(left, right))];
        count += place.Key == Free ? 1 : 0;
        place = new Entry(Key(left, right), merge);
    }

    public bool TryGet(int left, int right, out Merge merge)
    {
        ref readonly var place = ref entries[PlaceOf(Key(left, right))];
        merge = place.Merge;
        return place.Key != Free;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    /// <summary>Where a key is, or would be put. At most half of the places are taken, so that a free one is near.</summary>
    private int PlaceOf(ulong key)
    {
        const ulong spread = 0x9E3779B97F4A7C15;
        var table = entries;
        // Twice: some factors leave pairs of one kind side by side.
        var mixed = key * factor;
        mixed = (mixed ^ (mixed >> 32)) * spread;
        for (var place = (int)(mixed >> shift); ; place++)
        {
            place &= table.Length - 1;
            if (table[place].Key == key || table[place].Key == Free)
            {
                return place;
            }
        }
    }

    private void Resize(int merges)
    {
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(merges, 8) * 2);
        shift = 64 - BitOperations.Log2((uint)length);
        entries = new Entry[length];
        Array.Fill(entries, new Entry(Free, default));
    }

    private readonly record struct Entry(ulong Key, Merge Merge);
}
