using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>The tokens that end within a JSON string of any characters of a set, in the order of the vocabulary's trie.</summary>
internal sealed class FreeTokens
{
    private readonly TokenTrie trie;
    private readonly int[] tokens;
    private readonly int[] before;

    /// <param name="trie">The vocabulary.</param>
    /// <param name="isFree">Of each of its tokens, whether it is one.</param>
    /// <param name="areOfAnything">The string may be anything.</param>
    public FreeTokens(TokenTrie trie, bool[] isFree, bool areOfAnything)
    {
        this.trie = trie;
        AreOfAnything = areOfAnything;
        before = new int[isFree.Length + 1];
        for (var i = 0; i < isFree.Length; i++)
        {
            before[i + 1] = before[i] + (isFree[i] ? 1 : 0);
        }

        tokens = [.. trie.Tokens.Where((_, i) => isFree[i])];
    }

    /// <summary>The set has all.</summary>
    public bool AreOfAnything { get; }

    /// <summary>Those that end at a node or below it.</summary>
    public ReadOnlySpan<int> Under(int node)
    {
        var place = trie.Place(node);
        return tokens.AsSpan(before[place.Start.Value]..before[place.End.Value]);
    }
}
