using System.Text;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>What a tokenizer.model holds (sentencepiece_model.proto).</summary>
internal sealed class ModelFile
{
    public const int Unigram = 1, Bpe = 2;

    public List<Piece> Pieces { get; } = [];

    public int ModelType { get; private set; } = Unigram;

    public bool ByteFallback { get; private set; }

    public bool WhitespaceAsSuffix { get; private set; }

    public int Unknown { get; private set; }

    public int Begin { get; private set; } = 1;

    public int End { get; private set; } = 2;

    public string UnknownSurface { get; private set; } = " \u2047 ";

    public byte[] Charsmap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    public bool EscapeWhitespaces { get; private set; } = true;

    /// <summary>What is wrong with the pieces, in words; null: nothing.</summary>
    public string? Fault()
    {
        var twice = Pieces.GroupBy(piece => (piece.IsText, piece.Text)).FirstOrDefault(group => group.Skip(1).Any());
        if (twice is not null)
        {
            return $"the piece \"{twice.Key.Text}\" twice, as {string.Join(" and ", twice.Take(2).Select(piece => piece.Id))}";
        }

        var bytes = Pieces.Where(piece => piece.Kind == PieceKind.Byte).Select(piece => piece.Text).ToHashSet(StringComparer.Ordinal);
        var missing = Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>").FirstOrDefault(text => !bytes.Contains(text));
        return ByteFallback && missing is not null ? $"byte_fallback without the piece {missing}" : null;
    }

    /// <exception cref="FormatException">The bytes are not such a file.</exception>
    public static ModelFile Parse(ReadOnlySpan<byte> bytes)
    {
        var file = new ModelFile();
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    file.Pieces.Add(ReadPiece(file.Pieces.Count, reader.Bytes));
                    break;
                case 2:
                    file.ReadTrainer(reader.Bytes);
                    break;
                case 3:
                    file.ReadNormalizer(reader.Bytes);
                    break;
            }
        }

        return file.Pieces.Count > 0 ? file : throw new FormatException("no pieces");
    }

    private static Piece ReadPiece(int id, ReadOnlySpan<byte> bytes)
    {
        var piece = new Piece(id, "", 0, PieceKind.Normal);
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            piece = reader.Field switch
            {
                1 => piece with { Text = Encoding.UTF8.GetString(reader.Bytes) },
                2 => piece with { Score = reader.Float },
                3 => piece with { Kind = (PieceKind)reader.Number },
                _ => piece,
            };
        }

        return piece;
    }

    private void ReadTrainer(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3:
                    ModelType = (int)reader.Number;
                    break;
                case 24:
                    WhitespaceAsSuffix = reader.Number != 0;
                    break;
                case 35:
                    ByteFallback = reader.Number != 0;
                    break;
                case 40:
                    Unknown = (int)reader.Number;
                    break;
                case 41:
                    Begin = (int)reader.Number;
                    break;
                case 42:
                    End = (int)reader.Number;
                    break;
                case 44:
                    UnknownSurface = Encoding.UTF8.GetString(reader.Bytes);
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    Charsmap = reader.Bytes.ToArray();
                    break;
                case 3:
                    AddDummyPrefix = reader.Number != 0;
                    break;
                case 4:
                    RemoveExtraWhitespaces = reader.Number != 0;
                    break;
                case 5:
                    EscapeWhitespaces = reader.Number != 0;
                    break;
            }
        }
    }
}
