using FlexGen.Tokenizers;

namespace FlexGen.Worker.Generation;

/// <summary>The tokens between which a model writes its reasoning.</summary>
/// <param name="Begin">The one before it.</param>
/// <param name="End">The one after it.</param>
internal sealed record ReasoningTokens(int Begin, int End)
{
    private static readonly (string Begin, string End)[] known =
    [
        ("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<|START_THINKING|>", "<|END_THINKING|>"), ("<seed:think>", "</seed:think>"),
    ];

    /// <summary>What they are called.</summary>
    public static string Known => string.Join(", ", known.Select(pair => $"{pair.Begin}...{pair.End}"));

    /// <summary>Those that a tokenizer has; null: none of those known.</summary>
    public static ReasoningTokens? Find(Tokenizer tokenizer) => known
        .Select(pair => tokenizer.IdOf(pair.Begin) is { } begin && tokenizer.IdOf(pair.End) is { } end ? new ReasoningTokens(begin, end) : null)
        .FirstOrDefault(found => found is not null);

    /// <summary>
    /// Whether a prompt ends with the beginning of reasoning, as it does where the chat template writes it. What a record's own text has of these tokens, which
    /// some tokenizers read in any text, begins nothing.
    /// </summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="bytesOf">What a token writes; null: nothing.</param>
    public bool AreOpenAfter(int[] prompt, Func<int, byte[]?> bytesOf) => Array.FindLastIndex(prompt, token => token == Begin) is >= 0 and var begin
        && prompt.AsSpan(begin + 1).ToArray().All(token => bytesOf(token) is { } bytes && !bytes.AsSpan().ContainsAnyExcept(" \t\r\n"u8));
}
