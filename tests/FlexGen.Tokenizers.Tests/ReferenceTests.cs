using System.Text;

namespace FlexGen.Tokenizers.Tests;

public class ReferenceTests
{
    public static TheoryData<string> Kinds => Reference.Kinds;

    [Theory, MemberData(nameof(Kinds))]
    public void Every_text_has_the_ids_the_original_library_gives_it(string kind)
    {
        var tokenizer = Reference.Of(kind);
        var lines = Reference.Lines(kind, "expected.jsonl");

        Assert.True(lines.Count >= 200);
        var wrong = lines.Where(line =>
            !tokenizer.Encode(line.Text("text")).SequenceEqual(line.Ids("ids"))
            || !tokenizer.Encode(line.Text("text"), addSpecialTokens: false).SequenceEqual(line.Ids("ids_without_special")))
            .Select(line => $"{line.GetRawText()} got {string.Join(",", tokenizer.Encode(line.Text("text")))}");
        Assert.Empty(wrong);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_text_is_decoded_as_the_original_library_does(string kind)
    {
        var tokenizer = Reference.Of(kind);

        var wrong = Reference.Lines(kind, "expected.jsonl").Where(line =>
            tokenizer.Decode(line.Ids("ids")) != line.Text("decoded")
            || tokenizer.Decode(line.Ids("ids_without_special")) != line.Text("decoded"))
            .Select(line => $"{line.GetRawText()} got {tokenizer.Decode(line.Ids("ids"))}");
        Assert.Empty(wrong);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Tokens_decoded_one_by_one_give_the_whole_text(string kind)
    {
        var tokenizer = Reference.Of(kind);

        var wrong = Reference.Lines(kind, "stream.jsonl").Concat(Reference.Lines(kind, "expected.jsonl"))
            .Where(line => Streamed(tokenizer, line.Ids("ids")) != line.Text("decoded"))
            .Select(line => $"{line.GetRawText()} got {Streamed(tokenizer, line.Ids("ids"))}");
        Assert.Empty(wrong);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void What_was_emitted_is_never_taken_back(string kind)
    {
        var tokenizer = Reference.Of(kind);
        foreach (var line in Reference.Lines(kind, "stream.jsonl"))
        {
            var decoder = tokenizer.CreateDecoder();
            var emitted = new StringBuilder();
            foreach (var id in line.Ids("ids"))
            {
                emitted.Append(decoder.Append(id));
                Assert.StartsWith(emitted.ToString(), line.Text("decoded"), StringComparison.Ordinal);
            }
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Unpaired_surrogates_have_the_ids_of_replacement_characters(string kind)
    {
        var tokenizer = Reference.Of(kind);
        Assert.Equal(tokenizer.Encode("a\uFFFDb \uFFFD\uFFFD c\uFFFD"), tokenizer.Encode("a\uD800b \uDC00\uD83D c\uDBFF"));
    }

    private static string Streamed(Tokenizer tokenizer, int[] ids)
    {
        var decoder = tokenizer.CreateDecoder();
        return string.Concat(ids.Select(decoder.Append)) + decoder.Flush();
    }
}
