namespace FlexGen.Dataflow.Tests.Contract;

public sealed class ExcerptTests
{
    [Theory]
    [InlineData("größe 📏 \\n", "größe 📏 \\n")]
    [InlineData("a\nerror: b\r\t", @"a\nerror: b\r\t")]
    [InlineData("\u001b[31m\u0007\u007f\u009b", @"\u001b[31m\u0007\u007f\u009b")]
    [InlineData("a\u202egnp.exe\u2066\u200b\ufeff\u00ad", @"a\u202egnp.exe\u2066\u200b\ufeff\u00ad")]
    [InlineData("a\u2028b\u2029\u0085", @"a\u2028b\u2029\u0085")]
    [InlineData("\U000e0041", @"\u{e0041}")]
    public void What_steers_a_terminal_or_cannot_be_seen_is_escaped(string text, string plain) => Assert.Equal(plain, Excerpt.Plain(text));

    [Fact]
    public void Half_a_character_is_escaped_and_a_long_text_cut()
    {
        Assert.Equal(@"a\ud800b\udc00", Excerpt.Plain("a\ud800b\udc00"));
        Assert.EndsWith("... (1000000 characters)", Excerpt.Plain(new string('\n', 1_000_000)), StringComparison.Ordinal);
    }
}
