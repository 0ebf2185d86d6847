namespace FlexGen.Constraints.Regexes;

/// <summary>A regular language over code points. Nodes of one <see cref="RegexAlgebra"/> that are written alike are one object.</summary>
internal sealed class RegexNode
{
    public required int Id { get; init; }

    public required RegexKind Kind { get; init; }

    /// <summary>Of a <see cref="RegexKind.Set"/>.</summary>
    public CodePointSet? Set { get; init; }

    /// <summary>What it is made of: two for a <see cref="RegexKind.Concat"/>, one for a loop or complement.</summary>
    public RegexNode[] Parts { get; init; } = [];

    /// <summary>How often a loop's part is repeated, at least.</summary>
    public int Min { get; init; }

    /// <summary>How often a loop's part is repeated, at most; <see cref="RegexAlgebra.Endless"/> for any number.</summary>
    public int Max { get; init; }

    /// <summary>Of a <see cref="RegexKind.Multiple"/>.</summary>
    public MultipleState Multiple { get; init; }

    /// <summary>The empty text is in it.</summary>
    public required bool IsNullable { get; init; }

    /// <summary>Has what may be empty without being seen to: an intersection, a complement, or multiples.</summary>
    public required bool IsBoolean { get; init; }

    /// <summary>Code points of a shortest text, where <see cref="IsBoolean"/> is false.</summary>
    public required int MinLength { get; init; }

    /// <summary>What follows each code point; null until it is asked for.</summary>
    public RegexSteps<RegexNode>? Steps { get; set; }

    /// <summary>The same before it is known which of those have no text.</summary>
    public RegexSteps<RegexNode>? Derived { get; set; }

    /// <summary>Code points to the nearest end; null until it is asked for, <see cref="int.MaxValue"/> where there is none.</summary>
    public int? Distance { get; set; }

    public bool IsEmpty => Kind == RegexKind.None;
}
