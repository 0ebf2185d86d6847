using FlexGen.Dataflow.Checks.Patterns;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Tests.Checks.Patterns;

public sealed class EcmaPatternTests
{
    [Theory]
    [InlineData("^(?:(a)b)?c$", "abc", "bc")]
    [InlineData("^[^b]$", "😀", "b")]
    [InlineData(@"^[\u{1F600}-\u{1F64F}]{2}$", "😀😁", "😀")]
    [InlineData(@"^\ud83d\ude00$", "😀", "😁")]
    [InlineData("^[😀-🙏]$", "😁", "🤐")]
    [InlineData(@"^\s$", "\ufeff", "\u180e")]
    [InlineData("^.$", "\u0085", "\u2028")]
    [InlineData(@"^\w+\b\W$", "ab-", "é-")]
    [InlineData(@"^[\w-.]+$", "a-.", "a+")]
    [InlineData(@"^a\-\@\/$", "a-@/", "a")]
    [InlineData("^{a}]$", "{a}]", "a")]
    [InlineData("^a{2,3}?$", "aa", "a{2,3}")]
    [InlineData("^(?<year>[0-9]{4})(?!0)", "2026", "20260")]
    [InlineData("(?<=€)[0-9]", "€1", "$1")]
    [InlineData(@"^\p{Lu}\P{Lu}$", "Éa", "éa")]
    [InlineData(@"^[^\p{L}]$", "1", "𝒜")]
    [InlineData(@"^\cJ\x41\0$", "\nA\0", "A")]
    [InlineData("^[]|b$", "b", "a")]
    [InlineData("^[^]$", "\n", "")]
    [InlineData("a|", "", null)]
    [InlineData("^(?:[a-z]+|)+$", "", "1")]
    [InlineData("^(?:[a-z]+|)+(?=$)", "", "1")]
    [InlineData("^(?:[a-z]{0,999}[0-9]{0,999}){0,99}$", "a1", "é")]
    public void A_pattern_matches_as_ECMA_262_says(string pattern, string match, string? other)
    {
        var compiled = new EcmaPattern(pattern);
        Assert.True(compiled.IsMatch(match));
        Assert.False(other is not null && compiled.IsMatch(other));
    }

    [Theory]
    [InlineData("a**")]
    [InlineData("a++")]
    [InlineData("+a")]
    [InlineData("^*")]
    [InlineData("a{3,2}")]
    [InlineData("a{,3}")]
    [InlineData("a{99999999999}")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("[b-a]")]
    [InlineData("(?i)a")]
    [InlineData("(?>a)")]
    [InlineData("(?#a)")]
    [InlineData("(?<>a)")]
    [InlineData("(?P<a>b)")]
    [InlineData(@"\Z")]
    [InlineData(@"\a")]
    [InlineData(@"\x4")]
    [InlineData(@"\u{110000}")]
    [InlineData(@"\p{Script=Greek}")]
    [InlineData(@"\pL")]
    [InlineData(@"(a)\1")]
    [InlineData(@"(?<a>b)\k<a>")]
    [InlineData("[[:alpha:]]")]
    [InlineData(@"\")]
    public void What_is_no_pattern_or_means_something_else_elsewhere_is_refused(string pattern) =>
        Assert.Throws<PatternException>(() => new EcmaPattern(pattern));

    [Fact]
    public void Groups_may_not_be_so_deep_that_the_stack_ends() =>
        Assert.Throws<PatternException>(() => EcmaPattern.Check(new string('(', 100_000)));
}
