using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>The tokens that end within a JSON string that may be anything, in the order of the vocabulary's trie.</summary>
internal sealed class FreeTokens
{
    private readonly TokenTrie trie;
    private readonly int[] tokens;
    private readonly int[] before;

    /// <param name="trie">The vocabulary.</param>
    /// <param name="anything">The state of such a string.</param>
    public FreeTokens(TokenTrie trie, LexState anything)
    {
        this.trie = trie;
        var isFree = new bool[trie.Tokens.Length];
        Below(TokenTrie.Root, anything, isFree);
        before = new int[isFree.Length + 1];
        for (var i = 0; i < isFree.Length; i++)
        {
            before[i + 1] = before[i] + (isFree[i] ? 1 : 0);
        }

        tokens = [.. trie.Tokens.Where((_, i) => isFree[i])];
    }

    /// <summary>Those that end at a node or below it.</summary>
    public ReadOnlySpan<int> Under(int node)
    {
        var place = trie.Place(node);
        return tokens.AsSpan(before[place.Start.Value]..before[place.End.Value]);
    }

    private void Below(int node, LexState state, bool[] isFree)
    {
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            if (state.Next(trie.Labels[child]) is { IsClosed: false } next)
            {
                isFree.AsSpan(trie.Place(child).Start.Value, trie.At(child).Length).Fill(true);
                Below(child, next, isFree);
            }
        }
    }
}
