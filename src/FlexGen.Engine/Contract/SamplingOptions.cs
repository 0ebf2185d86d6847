namespace FlexGen.Engine;

/// <summary>How the next token is chosen from its logits.</summary>
public sealed record SamplingOptions
{
    public static SamplingOptions Greedy { get; } = new();

    /// <summary>Logits are divided by it; 0 takes the most likely token.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the k most likely tokens are drawn from; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the most likely tokens that together reach this probability are drawn from; 1: all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>
    /// Divides the positive and multiplies the negative logits of tokens that the prompt or the output already has
    /// (Keskar et al. 2019, section 4.1); 1: off.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// With the prompt's tokens it fixes the noise that each token id has in each step, whatever else runs at the same time. A draw is
    /// the largest of logit / temperature + noise: on a CPU, where the logits are the same to the last bit in any batch, always the same
    /// token; on a GPU, where they are not, another one where two tokens are closer than the rounding.
    /// </summary>
    public long Seed { get; init; }

    /// <exception cref="RequestException">A number is out of its range.</exception>
    internal void Check()
    {
        Require(Temperature >= 0 && double.IsFinite(Temperature), "temperature", Temperature, "0 or more");
        Require(TopK >= 0, "top-k", TopK, "1 or more, or 0 for all");
        Require(TopP is > 0 and <= 1, "top-p", TopP, "more than 0 and at most 1");
        Require(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty), "repetition penalty", RepetitionPenalty, "more than 0");

        static void Require(bool holds, string name, double found, string expected)
        {
            if (!holds)
            {
                throw new RequestException("option_invalid", FormattableString.Invariant($"The {name} is {found}; give {expected}."));
            }
        }
    }

    internal bool IsArgmax => Temperature == 0 && RepetitionPenalty == 1;
}
