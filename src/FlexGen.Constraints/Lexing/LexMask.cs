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
    private readonly Lazy<int> mostDistance;

    /// <param name="vocabulary">The tokens there are.</param>
    /// <param name="inner">Those that end within the text.</param>
    /// <param name="innerCost">Tokens, at most, to a whole text after one of them.</param>
    /// <param name="mostDistance">Code points of the shortest rest of the text after one of them, at most.</param>
    public LexMask(VocabularyIndex vocabulary, ReadOnlySpan<int> inner, Lazy<int> innerCost, Lazy<int> mostDistance)
    {
        this.innerCost = innerCost;
        this.mostDistance = mostDistance;
        if (inner.Length <= Few)
        {
            few = inner.ToArray();
            return;
        }

        this.inner = new uint[vocabulary.Words];
        TokenSet.Add(this.inner, inner);
    }

    private LexMask(LexMask other, uint[]? inner, int[] few, Lazy<int> innerCost)
    {
        this.inner = inner;
        this.few = few;
        this.innerCost = innerCost;
        mostDistance = other.mostDistance;
        RootTag = other.RootTag;
    }

    /// <summary>Those that go on after the text, by its language.</summary>
    public LexExits[] Exits { get; init; } = [];

    /// <summary>The language that the text is a whole text of already; -1 where there is none.</summary>
    public int RootTag { get; init; } = -1;

    /// <summary>Tokens, at most, to a whole text after a token that ends within it.</summary>
    public int InnerCost => innerCost.Value;

    /// <summary>Code points of the shortest rest of a text after a token that ends within it, at most.</summary>
    public int MostDistance => mostDistance.Value;

    public bool HasInner => inner is not null || few.Length > 0;

    /// <summary>Bytes that it takes.</summary>
    public int Size => (inner?.Length ?? 0) * sizeof(uint) + (few.Length + Exits.Sum(exit => 2 * exit.Tokens.Length)) * sizeof(int);

    /// <summary>A token ends within the text, or goes on after it.</summary>
    public bool Contains(int token) =>
        (inner is not null ? TokenSet.Contains(inner, token) : few.Contains(token)) || Array.Exists(Exits, exit => exit.Tokens.Contains(token));

    /// <summary>The same without some tokens.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="cost">What <see cref="InnerCost"/> is then.</param>
    public LexMask Without(int[] tokens, Lazy<int> cost)
    {
        var rest = tokens.Length == 0 || inner is null ? inner : [.. inner];
        if (rest is not null && tokens.Length > 0)
        {
            TokenSet.Remove(rest, tokens);
        }

        return new LexMask(this, rest, tokens.Length == 0 ? few : [.. few.Except(tokens)], cost)
        {
            Exits = tokens.Length == 0 ? Exits : Array.ConvertAll(Exits, exit => exit.Without(tokens)),
        };
    }

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
