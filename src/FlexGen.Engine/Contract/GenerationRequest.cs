using FlexGen.Planning;

namespace FlexGen.Engine;

/// <summary>One sequence to generate.</summary>
/// <param name="PromptTokens">At least one token id.</param>
/// <param name="Sampling">How the next token is chosen.</param>
public sealed record GenerationRequest(int[] PromptTokens, SamplingOptions Sampling)
{
    /// <summary>Tokens generated at the most.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Tokens that end the sequence, whether or not it goes on past end-of-sequence tokens; below the vocabulary's size.</summary>
    public IReadOnlyCollection<int> StopTokenIds { get; init; } = [];

    /// <summary>Goes on past the model's end-of-sequence tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Which tokens it may have; null: all of them. It is this sequence's own.</summary>
    public ITokenRule? Rule { get; init; }

    /// <summary>Called with each new token, on the engine's thread or one that helps it; true ends the sequence with <see cref="FinishReason.Stop"/>.</summary>
    public Func<int, bool>? StopAfter { get; init; }

    /// <summary>Returns the logits after the prompt's last token.</summary>
    public bool ReturnLogits { get; init; }

    /// <summary>Returns the log probabilities of each token and of so many of the likeliest in its place; null: none.</summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>
    /// Takes the place of the sampler: given the logits of the next token, [vocabulary], on one of the engine's threads, it says which token that is.
    /// </summary>
    internal Func<ReadOnlySpan<float>, int>? Choose { get; init; }

    /// <exception cref="RequestException">The request cannot be run with this model, or makes no sense.</exception>
    internal void Check(ModelShape shape, int slotLength)
    {
        CheckPrompt(PromptTokens, shape, slotLength);
        if (MaxNewTokens < 1)
        {
            throw new RequestException("option_invalid", $"The most new tokens are {MaxNewTokens}; give 1 or more.");
        }

        foreach (var id in StopTokenIds.Where(id => id < 0 || id >= shape.VocabularySize))
        {
            throw new RequestException("option_invalid", $"The stop token id {id} is not in the model's vocabulary of {shape.VocabularySize}.");
        }

        if (IgnoreEos && Rule is not null)
        {
            throw new RequestException("option_invalid", "It goes on past end-of-sequence tokens, with which its token rule ends it. Leave one of the two "
                + "out.");
        }

        Sampling.Check();
    }

    /// <exception cref="RequestException">The tokens are not a prompt for this model.</exception>
    internal static void CheckPrompt(int[] tokens, ModelShape shape, int slotLength)
    {
        if (tokens.Length == 0)
        {
            throw new RequestException("prompt_empty", "The prompt has no tokens; at least one is needed.");
        }

        if (tokens.Length >= slotLength)
        {
            var change = slotLength < shape.ContextLength ? "Shorten it or raise the maximum sequence length" : "Shorten it: that is the model's context";
            throw new RequestException("prompt_too_long", $"The prompt has {tokens.Length} tokens; a slot has room for {slotLength}, one or "
                + $"more of them for the output. {change}.");
        }

        if (Array.FindIndex(tokens, t => t < 0 || t >= shape.VocabularySize) is var odd and >= 0)
        {
            throw new RequestException("token_unknown", $"Token id {tokens[odd]} is not in the model's vocabulary of {shape.VocabularySize}."
                + " A token that was added to the tokenizer has no embedding before the checkpoint is given one; leave it out of the prompt.");
        }
    }
}
