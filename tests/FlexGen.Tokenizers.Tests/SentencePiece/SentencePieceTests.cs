using FlexGen.Tokenizers.Loading;
using FlexGen.Tokenizers.SentencePiece;

namespace FlexGen.Tokenizers.Tests.SentencePiece;

public class SentencePieceTests
{
    [Theory]
    [InlineData(5u, 0u, "b")]
    [InlineData(5u, 2u, null)]
    [InlineData(200u, 0u, null)]
    public void A_charsmap_whose_entries_lead_out_of_it_is_refused_when_it_is_read(uint place, uint value, string? replacement)
    {
        var units = new uint[128];
        units[0] = 1 << 10;
        var entry = 1u ^ 'a';
        units[entry] = 'a' | 0x100 | ((entry ^ place) << 10);
        units[5] = 0x80000000 | value;
        byte[] blob = [.. BitConverter.GetBytes(units.Length * sizeof(uint)), .. units.SelectMany(BitConverter.GetBytes), (byte)'b', 0];

        if (replacement is null)
        {
            Assert.Contains("leads out of it", Assert.Throws<FormatException>(() => new Charsmap(blob)).Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(replacement, new Charsmap(blob).Replace("a"u8, out _));
        }
    }

    [Theory]
    [InlineData("sentencepiece")]
    [InlineData("sentencepiece-unigram")]
    public void A_mark_at_the_end_goes_with_the_spaces_where_these_are_removed(string kind)
    {
        // A second normalizer_spec, which has nothing but remove_extra_whitespaces: the fields of both hold.
        using var folder = Changed(kind, model => [.. model, 0x1A, 0x02, 0x20, 0x01]);
        var tokenizer = TokenizerLoader.Load(folder.Path);

        Assert.Empty(Reference.Lines(kind, "trimmed.jsonl").Where(
            line => !tokenizer.Encode(line.Text("text"), addSpecialTokens: false).SequenceEqual(line.Ids("ids"))).Select(line => line.GetRawText()));
    }

    /// <summary>"a" and "b" come to -3 + 2^-23, which is -3 in 32 bits.</summary>
    [Theory]
    [InlineData(-3f, new[] { 1, 2 })]
    [InlineData(-2.9999998f, new[] { 3 })]
    public void Of_cuts_that_are_equal_in_32_bits_the_later_wins_if_it_is_better_in_64(float whole, int[] expected)
    {
        var ids = new List<int>();
        new UnigramPieces(File((1, "a", -1f), (2, "b", -1.9999999f), (3, "ab", whole))).Encode("ab", ids);
        Assert.Equal(expected, ids);
    }

    [Theory]
    [InlineData("twice", "the piece \"a\" twice, as 1 and 2")]
    [InlineData("bytes", "byte_fallback without the piece <0x00>")]
    public void Pieces_that_the_original_would_not_load_are_refused_by_name(string fault, string found)
    {
        using var folder = Changed("sentencepiece", _ => fault == "twice"
            ? [.. Piece("<unk>", 0, PieceKind.Unknown), .. Piece("a", 0), .. Piece("a", -1)]
            : [.. Piece("<unk>", 0, PieceKind.Unknown), .. Piece("a", 0), .. (byte[])[0x12, 0x03, 0x98, 0x02, 0x01]]);
        Assert.Contains(found, Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static ModelFile File(params (int Id, string Text, float Score)[] pieces) =>
        ModelFile.Parse([.. Piece("<unk>", 0, PieceKind.Unknown), .. pieces.SelectMany(piece => Piece(piece.Text, piece.Score))]);

    private static byte[] Piece(string text, float score, PieceKind kind = PieceKind.Normal)
    {
        byte[] body = [0x0A, (byte)text.Length, .. text.Select(letter => (byte)letter), 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)kind];
        return [0x0A, (byte)body.Length, .. body];
    }

    private static ChangedFolder Changed(string kind, Func<byte[], byte[]> change)
    {
        var folder = new ChangedFolder();
        var model = System.IO.File.ReadAllBytes(Path.Combine(Reference.Folder(kind), "tokenizer.model"));
        System.IO.File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.model"), change(model));
        return folder;
    }
}
