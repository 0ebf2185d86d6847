namespace FlexGen.Tokenizers.Splitting;

/// <summary>Which pieces of a text get a mark in front: every one, the first, none.</summary>
internal enum MetaspacePrepend
{
    Always,
    First,
    Never,
}
