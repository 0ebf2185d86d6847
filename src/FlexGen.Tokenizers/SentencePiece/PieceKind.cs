namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>The kinds of piece, with SentencePiece's own numbers.</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
