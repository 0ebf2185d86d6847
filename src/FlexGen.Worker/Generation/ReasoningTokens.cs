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

    /// <summary>Whether a prompt ends within reasoning, as it does where the chat template begins it.</summary>
    public bool AreOpenAfter(ReadOnlySpan<int> prompt) => prompt.LastIndexOf(Begin) > prompt.LastIndexOf(End);
}
