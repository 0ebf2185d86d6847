namespace FlexGen.Constraints.Regexes;

internal enum RegexKind
{
    /// <summary>No text at all.</summary>
    None,

    /// <summary>The empty text.</summary>
    Empty,

    /// <summary>One code point of a set.</summary>
    Set,
    Concat,
    Or,
    And,
    Not,
    Loop,

    /// <summary>Decimal numbers that are multiples of another.</summary>
    Multiple,
}
