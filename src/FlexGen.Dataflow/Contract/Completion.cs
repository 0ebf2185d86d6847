namespace FlexGen.Dataflow;

/// <summary>What a generator made of one prompt.</summary>
/// <param name="Text">The generated text, without the stop string or the end-of-sequence token that ended it.</param>
/// <param name="FinishReason"><c>stop</c> or <c>length</c>.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated.</param>
public sealed record Completion(string Text, string FinishReason, int PromptTokens, int CompletionTokens)
{
    /// <summary>What the model wrote of its reasoning, which is no part of the text; null where it wrote none.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Why the text is not the whole of what was asked for, as a sentence; null where it is.</summary>
    public string? Incomplete { get; init; }
}
