using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>The tokens that a state of a text allows, whatever the text is a part of.</summary>
/// <param name="inner">Those that end within the text, by id; null where <paramref name="few"/> has them.</param>
/// <param name="few">The same as a list.</param>
/// <param name="innerCost">Tokens, at most, to a whole text after one of them.</param>
/// <param name="exits">For each language, what tokens have after a whole text of it; where that is nothing, they end with it.</param>
/// <param name="rootTag">The language that the text is a whole text of already; -1 where there is none.</param>
internal sealed class LexMask(uint[]? inner, int[] few, Lazy<int> innerCost, (int Tag, TokenTrie Suffixes)[] exits, int rootTag)
{
    public (int Tag, TokenTrie Suffixes)[] Exits { get; } = exits;

    public int RootTag { get; } = rootTag;

    /// <summary>Tokens, at most, to a whole text after an inner token.</summary>
    public int InnerCost => innerCost.Value;

    public bool HasInner => inner is not null || few.Length > 0;

    public void AddInner(Span<uint> mask)
    {
        if (inner is not null)
        {
            TokenSet.Union(mask, inner);
        }
        else
        {
            TokenSet.Add(mask, few);
        }
    }
}
