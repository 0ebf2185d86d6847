using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Tests.Bpe;

/// <summary>The ids are those of the tokenizers library 0.23.2.</summary>
public class MissingCharacterTests
{
    private static readonly Dictionary<string, int> vocabulary = new(StringComparer.Ordinal)
    {
        { "<unk>", 0 }, { "a", 1 }, { "b", 2 }, { "<0xC3>", 3 }, { "<0xA9>", 4 }, { "<0xE4>", 5 },
    };

    [Theory]
    [InlineData("a\u00E9b", true, new[] { 1, 3, 4, 2 })]
    [InlineData("a\u00E8b", true, new[] { 1, 0, 2 })]
    [InlineData("a\u4E2D\u00E9b", true, new[] { 1, 3, 4, 0, 2 })]
    [InlineData("\u00E9\u4E2D\u00E9\u4E2D", true, new[] { 3, 4, 3, 4, 0 })]
    [InlineData("\u00E9\u4E2D\u00E9\u4E2D", false, new[] { 3, 4, 3, 4, 0, 0 })]
    [InlineData("\u4E2D\u4E2Da\u4E2D", true, new[] { 0, 1, 0 })]
    [InlineData("\u4E2D\u4E2Da\u4E2D", false, new[] { 0, 0, 1, 0 })]
    public void A_character_is_spelt_in_bytes_if_all_of_them_are_there(string word, bool fuse, int[] expected)
    {
        var alphabet = new RuneAlphabet(vocabulary, new MissingCharacters(vocabulary, byteFallback: true, unknown: 0, fuse));
        var ids = new int[alphabet.MostSymbols(word)];
        Assert.Equal(expected, ids[..alphabet.Spell(word, ids)]);
    }
}
