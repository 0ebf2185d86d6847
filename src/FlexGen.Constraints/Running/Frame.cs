using FlexGen.Constraints.Grammar;

namespace FlexGen.Constraints.Running;

/// <summary>An object or an array that one is in. It does not change.</summary>
/// <param name="parent">The one around it.</param>
/// <param name="restCost">Tokens, at most, of the shortest way from the end of its present item to its own.</param>
internal abstract class Frame(Frame? parent, int restCost)
{
    private int hash;

    public Frame? Parent { get; } = parent;

    public int Depth { get; } = (parent?.Depth ?? 0) + 1;

    /// <summary>Tokens, at most, of the shortest way from the end of the present item to the end of the document.</summary>
    public int Cost { get; } = Math.Min(restCost + (parent?.Cost ?? 0), Lexing.LexAutomaton.Never);

    public static bool AreSame(Frame? x, Frame? y)
    {
        while (x != y)
        {
            if (x is null || y is null || x.GetHash() != y.GetHash() || x.Depth != y.Depth || !x.IsLike(y))
            {
                return false;
            }

            (x, y) = (x.Parent, y.Parent);
        }

        return true;
    }

    public int GetHash() => hash != 0 ? hash : hash = HashCode.Combine(Parent?.GetHash() ?? 0, OwnHash()) | 1;

    /// <summary>How much deeper a document may become within one that would be inside another.</summary>
    protected static int Room(Frame? parent) => JsonGrammar.MostDepth - (parent?.Depth ?? 0) - 1;

    /// <summary>It is the same, whatever is around it.</summary>
    protected abstract bool IsLike(Frame other);

    protected abstract int OwnHash();
}
