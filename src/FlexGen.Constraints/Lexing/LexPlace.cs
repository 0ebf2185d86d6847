namespace FlexGen.Constraints.Lexing;

/// <summary>Where in the writing of a code point one is.</summary>
internal enum LexPlace
{
    /// <summary>Between two.</summary>
    Body,

    /// <summary>In UTF-8, where whatever bytes follow lead to the same.</summary>
    Rest,

    /// <summary>In UTF-8.</summary>
    Bytes,

    /// <summary>After a backslash.</summary>
    Escape,

    /// <summary>In the digits of an escape.</summary>
    Hex,

    /// <summary>After the escape of the first half of a pair.</summary>
    Pair,

    /// <summary>After the backslash that follows one.</summary>
    PairEscape,

    /// <summary>After the last quote.</summary>
    Closed,
}
