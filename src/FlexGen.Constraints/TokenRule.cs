namespace FlexGen.Constraints;

/// <summary>Where one sequence is in what its constraint allows. Not thread-safe; different ones may be used at the same time.</summary>
public sealed class TokenRule
{
    internal TokenRule()
    {
    }

    /// <summary>The text so far is whole: the sequence may end here.</summary>
    public bool MayEnd => throw new NotImplementedException();

    /// <summary>Nothing but the end is allowed.</summary>
    public bool IsOver => throw new NotImplementedException();

    /// <summary>Says which tokens may be next. Tokens that end the sequence may where <see cref="MayEnd"/>.</summary>
    /// <param name="mask">Takes a bit for each id: bit id%32 of word id/32. Bits past the vocabulary are 0.</param>
    /// <param name="remaining">How many tokens are left, the one that ends the sequence not counted.</param>
    public void Fill(Span<uint> mask, int remaining) => throw new NotImplementedException();

    /// <summary>Takes a token that the mask allowed.</summary>
    /// <returns>False, and nothing changes, where it did not.</returns>
    public bool Take(int token) => throw new NotImplementedException();

    /// <summary>The tokens that are forced from here, in order. They are not taken yet.</summary>
    /// <param name="tokens">Takes them, as many as fit.</param>
    /// <returns>How many.</returns>
    public int Forced(Span<int> tokens) => throw new NotImplementedException();
}
