using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Bpe;
using FlexGen.Tokenizers.Normalization;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers;

/// <summary>The tokenizers of tokenizer.json and of vocab.json with merges.txt.</summary>
internal sealed class BpeTokenizer(
    Vocabulary vocabulary, IReadOnlyList<AddedToken> added, INormalizer? normalizer, PreTokenizer preTokenizer, BpeModel model,
    Func<IncrementalDecoder> createDecoder) : Tokenizer(vocabulary, added.Where(token => !IsInNormalized(token)))
{
    private readonly TokenMatcher addedInNormalized = new(added.Where(IsInNormalized).Select(
        token => token with { Text = normalizer?.Normalize(token.Text, new Growth(token.Text.Length)) ?? token.Text }));

    public override IncrementalDecoder CreateDecoder() => createDecoder();

    private protected override void EncodeText(string piece, bool atStart, List<int> ids)
    {
        var text = normalizer?.Normalize(piece, new Growth(piece.Length)) ?? piece;
        var from = 0;
        while (addedInNormalized.Next(text, from, null, out var match))
        {
            preTokenizer.Encode(text.AsSpan(from, match.Start - from), atStart && from == 0, model, ids);
            ids.Add(match.Id);
            from = match.End;
        }

        preTokenizer.Encode(text.AsSpan(from), atStart && from == 0, model, ids);
    }

    /// <summary>Special tokens are looked for in the raw text whatever their flag says: control spans are places there.</summary>
    private static bool IsInNormalized(AddedToken token) => token.Normalized && !token.Special;
}
