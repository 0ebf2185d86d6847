using FlexGen.Tokenizers.Normalization;

namespace FlexGen.Tokenizers.Tests.Normalization;

/// <summary>The results are those of the tokenizers library 0.23.2, which has Unicode 9.</summary>
public class UnicodeNormalizerTests
{
    [Theory]
    [InlineData(false, "a\u0301\u0323", "\u1EA1\u0301")]
    [InlineData(false, "a\u0301\u0898\u0323", "\u00E1\u0898\u0323")]
    [InlineData(false, "a\u0323\u1DF6\u0301", "\u1EA1\u1DF6\u0301")]
    [InlineData(true, "\u32FE\u32FF", "\u30F2\u32FF")]
    public void Characters_newer_than_the_original_library_stay_as_they_are(bool compatible, string text, string expected) =>
        Assert.Equal(expected, new UnicodeNormalizer(compatible).Normalize(text, new Growth(text.Length)));
}
