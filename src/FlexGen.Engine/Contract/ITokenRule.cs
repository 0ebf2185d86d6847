namespace FlexGen.Engine;

/// <summary>
/// Which tokens one sequence may have. The engine calls it from one thread at a time, but from different ones: masks are filled by the runtime's threads
/// while the device computes.
/// </summary>
public interface ITokenRule
{
    /// <summary>Nothing may follow: the sequence ends here, without a token that says so.</summary>
    bool IsOver { get; }

    /// <summary>
    /// Says which tokens may come next. Tokens that end the sequence are to be among them wherever it may end, and nowhere else.
    /// </summary>
    /// <param name="mask">Takes bit id % 32 of word id / 32 for each token of the model's vocabulary; bits past it stay 0.</param>
    /// <param name="remaining">How many tokens the sequence can still have; at least 1.</param>
    void Fill(Span<uint> mask, int remaining);

    /// <summary>Takes the token that was chosen, if it does not end the sequence. False where it was not allowed.</summary>
    bool Take(int token);
}
