using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>The tokens that a state of a text allows, whatever the text is a part of.</summary>
internal sealed class LexMask
{
    /// <summary>Fewer tokens than these are kept as a list.</summary>
    private const int Few = 600;

    private readonly uint[]? inner;
    private readonly int[] few = [];
    private readonly Lazy<int> innerCost;

    /// <param name="vocabulary">The tokens there are.</param>
    /// <param name="inner">Those that end within the text.</param>
    /// <param name="innerCost">Tokens, at most, to a whole text after one of them.</param>
    public LexMask(VocabularyIndex vocabulary, ReadOnlySpan<int> inner, Lazy<int> innerCost)
    {
        this.innerCost = innerCost;
        if (inner.Length <= Few)
        {
            few = inner.ToArray();
            return;
        }

        this.inner = new uint[vocabulary.Words];
        TokenSet.Add(this.inner, inner);
    }

    /// <summary>Those that go on after the text, by its language.</summary>
    public LexExits[] Exits { get; init; } = [];

    /// <summary>The language that the text is a whole text of already; -1 where there is none.</summary>
    public int RootTag { get; init; } = -1;

    /// <summary>Tokens, at most, to a whole text after a token that ends within it.</summary>
    public int InnerCost => innerCost.Value;

    public bool HasInner => inner is not null || few.Length > 0;

    /// <summary>Bytes that it takes.</summary>
    public int Size => (inner?.Length ?? 0) * sizeof(uint) + (few.Length + Exits.Sum(exit => 2 * exit.Tokens.Length)) * sizeof(int);

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
