namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>Finds the pieces of a normalised text.</summary>
internal interface IPieceModel
{
    /// <summary>Appends the ids of the text's pieces.</summary>
    void Encode(string text, List<int> ids);
}
