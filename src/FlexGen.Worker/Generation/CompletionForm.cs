using System.Numerics;
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
/// <param name="Vocabulary">How many tokens the model has.</param>
internal sealed record CompletionForm(
    GenerationOptions Options, StopTexts Stops, Constraint? Constraint, bool ClosesInTime, ReasoningTokens? Reasoning, int Vocabulary)
{
    /// <summary>Tokens that are kept for the text after reasoning: as many as the shortest one takes.</summary>
    public int Reserve { get; } = Reasoning is null || Constraint is null || !ClosesInTime ? 0 : Shortest(Constraint, Vocabulary, Options.MaxNewTokens);

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

    private static int Shortest(Constraint constraint, int vocabulary, int most)
    {
        var mask = new uint[(vocabulary + 31) / 32];
        var rule = constraint.Begin();
        var count = 0;
        for (; count < most && !rule.MayEnd; count++)
        {
            // Where none are left it allows the shortest way alone.
            rule.Fill(mask, 1);
            var word = Array.FindIndex(mask, bits => bits != 0);
            if (word < 0 || !rule.Take((word * 32) + BitOperations.TrailingZeroCount(mask[word])))
            {
                break;
            }
        }

        return count;
    }
}
