using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Normalization;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>The tokenizer of a tokenizer.model.</summary>
internal sealed class SentencePieceTokenizer : Tokenizer
{
    private readonly PieceNormalizer normalizer;
    private readonly IPieceModel model;
    private readonly SentencePieceDecoding decoding;

    public SentencePieceTokenizer(ModelFile file, Vocabulary vocabulary, IEnumerable<AddedToken> added)
        : base(vocabulary, added)
    {
        var userDefined = new TokenMatcher(file.Pieces.Where(piece => piece.Kind == PieceKind.UserDefined)
            .Select(piece => new AddedToken(piece.Id, piece.Text, Special: false)));
        normalizer = new PieceNormalizer(file, userDefined);
        model = file.ModelType == ModelFile.Bpe ? new BpePieces(file, userDefined) : new UnigramPieces(file);
        decoding = new SentencePieceDecoding(file, vocabulary);
    }

    public override IncrementalDecoder CreateDecoder() => new SentencePieceDecoder(decoding);

    private protected override void EncodeText(string piece, bool atStart, List<int> ids) =>
        model.Encode(normalizer.Normalize(piece, new Growth(piece.Length)), ids);
}
