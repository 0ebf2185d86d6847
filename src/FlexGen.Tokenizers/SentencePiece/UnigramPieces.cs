using System.Text;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>SentencePiece's unigram model: of all ways to cut a text into pieces, the one with the highest sum of
/// scores, added up from the left. As in the original a sum is kept in 32 bits and the next one held against it in 64, so that
/// of cuts that are equal in 32 bits a later one may win.</summary>
internal sealed class UnigramPieces : IPieceModel
{
    private const float UnknownPenalty = 10;
    private readonly PieceTrie trie = new();
    private readonly double[] scores;
    private readonly int[]? idOfByte;
    private readonly int unknown;
    private readonly float unknownScore;

    public UnigramPieces(ModelFile file)
    {
        unknown = file.Unknown;
        var normal = file.Pieces.Where(piece => piece.Kind == PieceKind.Normal).Select(piece => piece.Score).DefaultIfEmpty().ToList();
        unknownScore = normal.Min() - UnknownPenalty;
        scores = [.. file.Pieces.Select(piece => piece.Kind == PieceKind.UserDefined
            ? (Encoding.UTF8.GetByteCount(piece.Text) * normal.Max()) - 0.1
            : piece.Score)];
        foreach (var piece in file.Pieces.Where(piece => piece.Kind is PieceKind.Normal or PieceKind.UserDefined))
        {
            trie.Add(Encoding.UTF8.GetBytes(piece.Text), piece.Id);
        }

        var bytes = file.Pieces.Where(piece => piece.Kind == PieceKind.Byte).ToDictionary(piece => piece.Text, piece => piece.Id);
        idOfByte = file.ByteFallback ? [.. Enumerable.Range(0, 256).Select(value => bytes[$"<0x{value:X2}>"])] : null;
    }

    public void Encode(string text, List<int> ids)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var best = new Step[bytes.Length + 1];
        best[0] = new Step(0, 0, 0);
        Array.Fill(best, new Step(PieceTrie.None, 0, 0), 1, bytes.Length);
        for (int start = 0, length; start < bytes.Length; start += length)
        {
            Rune.DecodeFromUtf8(bytes.AsSpan(start), out _, out length);
            var isPiece = false;
            for (int end = start + 1, node = trie.Step(PieceTrie.Root, bytes[start]); node != PieceTrie.None; end++)
            {
                var id = trie.IdAt(node);
                if (id != PieceTrie.None)
                {
                    Offer(ref best[end], start, id, best[start].Score + scores[id]);
                    isPiece |= end == start + length;
                }

                node = end < bytes.Length ? trie.Step(node, bytes[end]) : PieceTrie.None;
            }

            if (!isPiece)
            {
                Offer(ref best[start + length], start, unknown, best[start].Score + unknownScore);
            }
        }

        Append(bytes, best, ids);
    }

    private static void Offer(ref Step best, int start, int id, double score)
    {
        if (best.Start == PieceTrie.None || score > best.Score)
        {
            best = new Step(start, id, (float)score);
        }
    }

    private void Append(byte[] bytes, Step[] best, List<int> ids)
    {
        var from = ids.Count;
        var nextIsUnknown = false;
        for (int end = bytes.Length, start; end > 0; end = start)
        {
            (start, var id, _) = best[end];
            var isUnknown = id == unknown;
            if (isUnknown && idOfByte is not null)
            {
                for (var i = end - 1; i >= start; i--)
                {
                    ids.Add(idOfByte[bytes[i]]);
                }
            }
            else if (!(isUnknown && nextIsUnknown))
            {
                ids.Add(id);
            }

            nextIsUnknown = isUnknown;
        }

        ids.Reverse(from, ids.Count - from);
    }

    /// <summary>The best piece that ends at a place: where it starts, its id, and the score of all up to its end.</summary>
    private readonly record struct Step(int Start, int Id, float Score);
}
