using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>The tokens that end within a JSON string of any characters of a set, in the order of the vocabulary's trie.</summary>
internal sealed class FreeTokens
{
    private readonly TokenTrie trie;
    private readonly int[] tokens;
    private readonly int[] before;
    private readonly int[] byPoints;
    private readonly int[] points;

    /// <param name="trie">The vocabulary.</param>
    /// <param name="points">
    /// Of each of its tokens, of how many code points it writes one or a part; 0 where it is none of these.
    /// </param>
    /// <param name="areOfAnything">The string may be anything.</param>
    public FreeTokens(TokenTrie trie, int[] points, bool areOfAnything)
    {
        this.trie = trie;
        AreOfAnything = areOfAnything;
        before = new int[points.Length + 1];
        for (var i = 0; i < points.Length; i++)
        {
            before[i + 1] = before[i] + (points[i] > 0 ? 1 : 0);
        }

        tokens = [.. trie.Tokens.Where((_, i) => points[i] > 0)];
        byPoints = [.. tokens];
        this.points = [.. points.Where(count => count > 0)];
        Array.Sort(this.points, byPoints);
    }

    /// <summary>The set has all.</summary>
    public bool AreOfAnything { get; }

    /// <summary>Those that end at a node or below it.</summary>
    public ReadOnlySpan<int> Under(int node)
    {
        var place = trie.Place(node);
        return tokens.AsSpan(before[place.Start.Value]..before[place.End.Value]);
    }

    /// <summary>Those that write no more than so many code points, the last of which may be written in part.</summary>
    public ReadOnlySpan<int> Within(int most)
    {
        var (low, high) = (0, points.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = points[middle] <= most ? (middle + 1, high) : (low, middle);
        }

        return byPoints.AsSpan(0, low);
    }
}
