using System.Numerics;
using System.Runtime.InteropServices;

namespace FlexGen.Constraints.Vocabulary;

/// <summary>Sets of token ids as bits.</summary>
internal static class TokenSet
{
    public static int Words(int size) => (size + 31) / 32;

    public static void Add(Span<uint> set, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            set[token >> 5] |= 1u << token;
        }
    }

    public static void Remove(Span<uint> set, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            set[token >> 5] &= ~(1u << token);
        }
    }

    public static void Add(Span<uint> set, int token) => set[token >> 5] |= 1u << token;

    public static void Remove(Span<uint> set, int token) => set[token >> 5] &= ~(1u << token);

    public static bool Contains(ReadOnlySpan<uint> set, int token) => (set[token >> 5] >> token & 1) != 0;

    public static void Union(Span<uint> set, ReadOnlySpan<uint> other)
    {
        var blocks = MemoryMarshal.Cast<uint, Vector<uint>>(set);
        var otherBlocks = MemoryMarshal.Cast<uint, Vector<uint>>(other);
        for (var i = 0; i < otherBlocks.Length; i++)
        {
            blocks[i] |= otherBlocks[i];
        }

        for (var i = otherBlocks.Length * Vector<uint>.Count; i < other.Length; i++)
        {
            set[i] |= other[i];
        }
    }

    /// <summary>Any of them, each as likely; null where there is none.</summary>
    public static int? Draw(ReadOnlySpan<uint> set, Random random)
    {
        var count = 0;
        foreach (var word in set)
        {
            count += BitOperations.PopCount(word);
        }

        var left = count == 0 ? 0 : random.Next(count);
        for (var i = 0; i < set.Length; i++)
        {
            for (var word = set[i]; word != 0; word &= word - 1)
            {
                if (left-- == 0)
                {
                    return (i * 32) + BitOperations.TrailingZeroCount(word);
                }
            }
        }

        return null;
    }
}
