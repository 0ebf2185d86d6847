namespace FlexGen.Tokenizers.Tests;

public class ControlTokenTests
{
    [Theory]
    [InlineData("opt", "</s>", 2)]
    [InlineData("llama3", "<|begin_of_text|>", 1061)]
    [InlineData("llama2", "</s>", 2)]
    [InlineData("mistral", "</s>", 2)]
    [InlineData("sentencepiece", "</s>", 2)]
    public void The_text_of_a_control_token_is_the_token_within_control_spans_alone(string kind, string text, int id)
    {
        var tokenizer = Reference.Of(kind);
        var twice = $"a {text} b {text} c";
        var second = twice.LastIndexOf(text, StringComparison.Ordinal);
        Assert.DoesNotContain(id, tokenizer.Encode(twice, addSpecialTokens: false));
        Assert.Equal(2, tokenizer.Encode(twice, [(0, twice.Length)], addSpecialTokens: false).Count(i => i == id));
        Assert.Single(tokenizer.Encode(twice, [(second, text.Length)], addSpecialTokens: false), id);
        // A token that reaches out of the span is plain text: half of it came from a record.
        Assert.DoesNotContain(id, tokenizer.Encode(twice, [(second, text.Length - 1)], addSpecialTokens: false));
        Assert.DoesNotContain(id, tokenizer.Encode(twice, [(second, 2), (second + 2, text.Length - 2)], addSpecialTokens: false));
    }

    [Fact]
    public void A_control_span_outside_the_text_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Reference.Of("opt").Encode("abc", [(2, 2)]));
}
