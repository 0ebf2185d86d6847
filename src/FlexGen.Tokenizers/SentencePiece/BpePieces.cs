using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Bpe;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>SentencePiece's BPE: neighbours merge when together they are a piece, the highest score first.</summary>
internal sealed class BpePieces : IPieceModel
{
    private readonly BpeModel model;
    private readonly TokenMatcher userDefined;
    private readonly WordSplitter words;

    public BpePieces(ModelFile file, TokenMatcher userDefined)
    {
        this.userDefined = userDefined;
        var pieces = file.Pieces.Where(piece => piece.IsText).ToDictionary(piece => piece.Text, StringComparer.Ordinal);
        var symbols = file.Pieces.Where(piece => piece.IsText || piece.Kind == PieceKind.Byte)
            .ToDictionary(piece => piece.Text, piece => piece.Id, StringComparer.Ordinal);
        // Equal scores get one rank, so that the leftmost of them goes first.
        var ranks = pieces.Values.Select(piece => piece.Score).Distinct().OrderDescending()
            .Select((score, rank) => (score, rank)).ToDictionary(pair => pair.score, pair => pair.rank);
        var merges = new MergeTable(pieces.Count);
        var border = new SpaceBorder();
        foreach (var piece in pieces.Values.Where(piece => piece.Kind != PieceKind.UserDefined))
        {
            border.Add(piece.Text);
            for (var cut = 1; cut < piece.Text.Length; cut++)
            {
                if (pieces.TryGetValue(piece.Text[..cut], out var left) && pieces.TryGetValue(piece.Text[cut..], out var right))
                {
                    merges.Add(left.Id, right.Id, new Merge(ranks[piece.Score], piece.Id));
                }
            }
        }

        var missing = new MissingCharacters(symbols, file.ByteFallback, file.Unknown, fuseUnknown: true);
        model = new BpeModel(new RuneAlphabet(symbols, missing), merges);
        words = new WordSplitter(pieces.ContainsKey(SpaceBorder.Space.ToString()) ? [border.Splitter()] : []);
    }

    public void Encode(string text, List<int> ids)
    {
        var from = 0;
        while (userDefined.Next(text, from, null, out var match))
        {
            words.Encode(text.AsSpan(from, match.Start - from), model, ids);
            ids.Add(match.Id);
            from = match.End;
        }

        words.Encode(text.AsSpan(from), model, ids);
    }
}
