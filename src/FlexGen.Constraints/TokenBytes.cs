namespace FlexGen.Constraints;

/// <summary>What each token of a vocabulary writes. Thread-safe; what is computed of it once serves every constraint that is compiled for it.</summary>
public sealed class TokenBytes
{
    /// <param name="tokens">
    /// By id, the bytes of a token, or null where it writes none that an output may have: control tokens, and ids beyond the tokenizer's. They are kept.
    /// </param>
    /// <param name="endOfSequence">The ids that end an output; whatever they would write does not count.</param>
    /// <param name="tokenize">
    /// The ids that the tokenizer has for a text, without those it puts around one. Null: it is not known how a text would be cut, and only what no other
    /// token can continue is forced (<see cref="TokenRule.Forced"/>).
    /// </param>
    public TokenBytes(IReadOnlyList<byte[]?> tokens, IReadOnlyCollection<int> endOfSequence, Func<string, IReadOnlyList<int>>? tokenize = null)
    {
        Tokens = tokens;
        EndOfSequence = endOfSequence;
        Tokenize = tokenize;
    }

    /// <summary>How many ids there are.</summary>
    public int Size => Tokens.Count;

    internal IReadOnlyList<byte[]?> Tokens { get; }

    internal IReadOnlyCollection<int> EndOfSequence { get; }

    internal Func<string, IReadOnlyList<int>>? Tokenize { get; }
}
