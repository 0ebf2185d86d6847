namespace FlexGen.Engine;

/// <summary>What came of one <see cref="GenerationRequest"/>.</summary>
/// <param name="TokenIds">The generated tokens; an end-of-sequence token that ended them is the last.</param>
/// <param name="FinishReason">Why they end.</param>
/// <param name="Logits">[vocabulary] after the prompt's last token, where they were asked for.</param>
public sealed record GeneratedSequence(IReadOnlyList<int> TokenIds, FinishReason FinishReason, float[]? Logits)
{
    /// <summary>Of each token, where they were asked for.</summary>
    public IReadOnlyList<TokenLogProbabilities>? LogProbabilities { get; init; }
}
