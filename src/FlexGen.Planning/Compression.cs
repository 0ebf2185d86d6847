namespace FlexGen.Planning;

/// <summary>How what is computed in another type is kept.</summary>
public enum Compression
{
    /// <summary>In the type that is computed in.</summary>
    None,

    /// <summary>In groups of 4-bit numbers, rounded.</summary>
    Int4,
}
