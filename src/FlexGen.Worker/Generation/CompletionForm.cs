using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Engine;

namespace FlexGen.Worker.Generation;

/// <summary>
/// How completions are made: sampled, ended, and held to what they may be. Made by <see cref="LanguageModel.Form"/>, and shared by all that are made so.
/// </summary>
/// <param name="Options">How they are sampled and when they end.</param>
/// <param name="Stops">The texts that end them.</param>
/// <param name="Constraint">What they may be; null: any text.</param>
/// <param name="ClosesInTime">Whether the rest of the budget is used for the shortest way to a whole text where it is just enough for that.</param>
/// <param name="Reasoning">The tokens around reasoning, which is no part of the text; null: all is text.</param>
internal sealed record CompletionForm(
    GenerationOptions Options, StopTexts Stops, Constraint? Constraint, bool ClosesInTime, ReasoningTokens? Reasoning)
{
    /// <summary>Tokens that are kept for a whole text: as many as the shortest one takes. 0: none are kept.</summary>
    public int Reserve { get; } = ClosesInTime ? Constraint?.ShortestTokens ?? 0 : 0;

    /// <summary>Why no text can be whole within the budget; null: one can be.</summary>
    public string? TooFewTokens => Reserve <= Options.MaxNewTokens ? null
        : $"{Options.MaxNewTokens}, and the shortest output that is allowed takes {Reserve} tokens";

    /// <summary>How many of the likeliest tokens are told with each; null: no probabilities are.</summary>
    public int? TopLogProbabilities { get; init; }

    public SamplingOptions Sampling { get; } = new()
    {
        Temperature = Options.Temperature,
        TopK = Options.TopK ?? 0,
        TopP = Options.TopP ?? 1,
        RepetitionPenalty = Options.RepetitionPenalty,
        Seed = Options.Seed,
    };
}
