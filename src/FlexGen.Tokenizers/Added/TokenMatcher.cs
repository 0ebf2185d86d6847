using System.Buffers;
using System.Text;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.Added;

/// <summary>Finds added tokens in a text: the leftmost first, the longest of those that begin there.</summary>
internal sealed class TokenMatcher
{
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> tokens;
    private readonly Dictionary<char, int[]> lengthsByFirst;
    private readonly SearchValues<char> firsts;

    public TokenMatcher(IEnumerable<AddedToken> addedTokens)
    {
        var byText = addedTokens.Where(token => token.Text.Length > 0).ToDictionary(token => token.Text, StringComparer.Ordinal);
        tokens = byText.GetAlternateLookup<ReadOnlySpan<char>>();
        lengthsByFirst = byText.Keys.GroupBy(text => text[0]).ToDictionary(
            group => group.Key, group => group.Select(text => text.Length).Distinct().OrderDescending().ToArray());
        firsts = SearchValues.Create(lengthsByFirst.Keys.ToArray());
    }

    /// <summary>The next token at or after from. Special tokens are seen only inside one of the spans.</summary>
    public bool Next(string text, int from, IReadOnlyList<(int Start, int Length)>? spans, out TokenMatch match)
    {
        for (var at = from; at < text.Length; at++)
        {
            var skip = text.AsSpan(at).IndexOfAny(firsts);
            if (skip < 0)
            {
                break;
            }

            at += skip;
            foreach (var length in lengthsByFirst[text[at]])
            {
                if (length <= text.Length - at
                    && tokens.TryGetValue(text.AsSpan(at, length), out var token)
                    && (!token.Special || IsInsideOne(spans, at, at + length))
                    && (!token.SingleWord || StandsAlone(text, at, at + length)))
                {
                    match = Widen(text, from, token, at, at + length);
                    return true;
                }
            }
        }

        match = default;
        return false;
    }

    private static bool IsInsideOne(IReadOnlyList<(int Start, int Length)>? spans, int start, int end)
    {
        for (var i = 0; i < (spans?.Count ?? 0); i++)
        {
            if (spans![i].Start <= start && end <= spans[i].Start + spans[i].Length)
            {
                return true;
            }
        }

        return false;
    }

    private static bool StandsAlone(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _);
        return (start == 0 || !CharacterClasses.IsWord(before)) && (end == text.Length || !CharacterClasses.IsWord(after));
    }

    private static TokenMatch Widen(string text, int from, AddedToken token, int start, int end)
    {
        while (token.StripLeft && start > from && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.StripRight && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return new TokenMatch(token.Id, start, end);
    }
}
