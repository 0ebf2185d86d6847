namespace FlexGen.Tokenizers.Splitting;

/// <summary>What the split patterns of tokenizers tell apart: \p{L}, \p{N}, \s and everything else.</summary>
internal enum CharacterClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}
