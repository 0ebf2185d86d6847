using FlexGen.Tokenizers.Decoding;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>What <see cref="SentencePieceDecoder"/> knows of each id.</summary>
internal sealed class SentencePieceDecoding
{
    private readonly string?[] texts;
    private readonly byte?[] bytes;

    public SentencePieceDecoding(ModelFile file, Vocabulary vocabulary)
    {
        StripsSpace = file.AddDummyPrefix || file.RemoveExtraWhitespaces;
        StripsAllSpaces = file.RemoveExtraWhitespaces;
        texts = [.. Enumerable.Range(0, vocabulary.Size).Select(vocabulary.VisibleTextOf)];
        bytes = new byte?[texts.Length];
        foreach (var piece in file.Pieces)
        {
            if (piece.Kind == PieceKind.Unknown)
            {
                texts[piece.Id] = file.UnknownSurface;
            }
            else if (piece.Kind == PieceKind.Byte)
            {
                bytes[piece.Id] = ByteTokens.ValueOf(piece.Text);
            }
        }
    }

    /// <summary>Whether the space in front of the first piece is taken away, being the one encoding puts there.</summary>
    public bool StripsSpace { get; }

    /// <summary>Whether that goes on until there is other text.</summary>
    public bool StripsAllSpaces { get; }

    public string? TextOf(int id) => (uint)id < (uint)texts.Length ? texts[id] : null;

    public byte? ByteOf(int id) => (uint)id < (uint)bytes.Length ? bytes[id] : null;
}
