namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>One entry of a SentencePiece vocabulary; its id is its place.</summary>
internal sealed record Piece(int Id, string Text, float Score, PieceKind Kind)
{
    /// <summary>Whether text can become this piece; the others are reserved.</summary>
    public bool IsText => Kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused;
}
