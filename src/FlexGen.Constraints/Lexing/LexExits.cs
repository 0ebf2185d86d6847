using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>Tokens that go on after a whole text of a language.</summary>
/// <param name="Tag">The language.</param>
/// <param name="Suffixes">What they have after the text.</param>
/// <param name="Tokens">The tokens.</param>
/// <param name="SuffixOf">The number of each one's suffix.</param>
internal sealed record LexExits(int Tag, SuffixSet Suffixes, int[] Tokens, int[] SuffixOf)
{
    public LexExits Without(int[] tokens)
    {
        var kept = Tokens.Index().Where(token => !tokens.Contains(token.Item)).ToArray();
        return kept.Length == Tokens.Length ? this
            : this with { Tokens = Array.ConvertAll(kept, token => token.Item), SuffixOf = Array.ConvertAll(kept, token => SuffixOf[token.Index]) };
    }
}
