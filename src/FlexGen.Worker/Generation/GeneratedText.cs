using FlexGen.Engine;

namespace FlexGen.Worker.Generation;

/// <summary>What came of one prompt.</summary>
/// <param name="TokenIds">The generated tokens, those of a stop string and the stop or end-of-sequence token included.</param>
/// <param name="Text">Their text before the stop string; null where the model has no tokenizer.</param>
/// <param name="FinishReason">Why they end.</param>
/// <param name="Logits">[vocabulary] after the prompt's last token, where they were asked for.</param>
internal sealed record GeneratedText(IReadOnlyList<int> TokenIds, string? Text, FinishReason FinishReason, float[]? Logits)
{
    /// <summary>What was written between the tokens of reasoning; null: nothing, or it is not told apart.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Why the text is not the whole of what the constraint asks for, as a sentence; null where it is.</summary>
    public string? Incomplete { get; init; }

    /// <summary>Of each token, where they were asked for.</summary>
    public IReadOnlyList<TokenLogProbabilities>? LogProbabilities { get; init; }

    /// <summary><c>stop</c> or <c>length</c>.</summary>
    public string FinishReasonName => FinishReason == FinishReason.Stop ? "stop" : "length";
}
