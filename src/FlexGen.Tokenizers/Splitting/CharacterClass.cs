namespace FlexGen.Tokenizers.Splitting;

/// <summary>What the split patterns of tokenizers tell apart. Every character has exactly one of the first eight.</summary>
[Flags]
internal enum CharacterClass : byte
{
    /// <summary>\p{Lu} and \p{Lt}.</summary>
    Upper = 1,

    /// <summary>\p{Ll}.</summary>
    Lower = 2,

    /// <summary>\p{Lm} and \p{Lo}.</summary>
    Uncased = 4,

    /// <summary>\p{M}.</summary>
    Mark = 8,

    /// <summary>\p{N}.</summary>
    Number = 16,

    /// <summary>\p{P} and \p{S}.</summary>
    Sign = 32,

    /// <summary>\s.</summary>
    Space = 64,

    /// <summary>Control characters, unassigned ones and the like.</summary>
    Other = 128,

    /// <summary>\p{L}.</summary>
    Letter = Upper | Lower | Uncased,

    /// <summary>[^\s\p{L}\p{N}].</summary>
    NoWord = Mark | Sign | Other,
}
