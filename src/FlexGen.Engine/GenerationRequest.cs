using FlexGen.Engine.Sampling;

namespace FlexGen.Engine;

/// <summary>One sequence to generate.</summary>
/// <param name="PromptTokens">At least one token id.</param>
/// <param name="Sampling">How the next token is chosen.</param>
public sealed record GenerationRequest(int[] PromptTokens, SamplingOptions Sampling)
{
    /// <summary>Tokens generated at the most.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Goes on past end-of-sequence tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Called on the engine's thread with each new token; true ends the sequence with <see cref="FinishReason.Stop"/>.</summary>
    public Func<int, bool>? StopAfter { get; init; }

    /// <summary>Returns the logits after the prompt's last token.</summary>
    public bool ReturnLogits { get; init; }
}
