namespace FlexGen.Constraints.Lexing;

/// <summary>How a text is written.</summary>
internal enum LexMode
{
    /// <summary>As it is, in UTF-8.</summary>
    Raw,

    /// <summary>As a JSON string after its first quote, with every escape that JSON has.</summary>
    Json,

    /// <summary>As a JSON string after its first quote; what JSON takes as it is in ASCII is written so.</summary>
    Canonical,
}
