using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Patterns;

/// <summary>A pattern as it was read.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Parts">Of a sequence, of alternatives, or the one that is repeated or looked for.</param>
internal sealed record PatternTree(PatternKind Kind, params PatternTree[] Parts)
{
    public CodePointSet? Set { get; init; }

    /// <summary>Bounds of a repetition, the second inclusive.</summary>
    public (int Min, int Max) Times { get; init; }

    /// <summary>Of what looks ahead, and of a word's bound: it must not be there.</summary>
    public bool IsNegated { get; init; }

    /// <summary>It asks for nothing around it, so that it is a language by itself.</summary>
    public bool IsPure => Kind is PatternKind.Set or PatternKind.Sequence or PatternKind.Choice or PatternKind.Repeat && Array.TrueForAll(Parts, part
        => part.IsPure);
}
