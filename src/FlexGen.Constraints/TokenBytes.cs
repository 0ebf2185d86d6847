using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints;

/// <summary>What each token of a vocabulary writes. Thread-safe; what is computed of it once serves every constraint that is compiled for it.</summary>
public sealed class TokenBytes
{
    private readonly Lazy<VocabularyIndex> index;
    private readonly Lazy<LexAutomaton> common;

    /// <param name="tokens">
    /// By id, the bytes of a token, or null where it writes none that an output may have: control tokens, and ids beyond the tokenizer's. They are kept.
    /// </param>
    /// <param name="endOfSequence">The ids that end an output; whatever they would write does not count.</param>
    /// <param name="tokenize">
    /// The ids that the tokenizer has for a text, without those it puts around one. Null: it is not known how a text would be cut, and nothing is said to
    /// be forced (<see cref="TokenRule.Forced"/>).
    /// </param>
    public TokenBytes(IReadOnlyList<byte[]?> tokens, IReadOnlyCollection<int> endOfSequence, Func<string, IReadOnlyList<int>>? tokenize = null)
    {
        Size = tokens.Count;
        EndOfSequence = [.. endOfSequence];
        Tokenize = tokenize;
        index = new(() => new VocabularyIndex([.. tokens.Select((bytes, id) => endOfSequence.Contains(id) ? null : bytes)]));
        common = new(() => new LexAutomaton(new RegexAlgebra(), Index, null));
    }

    /// <summary>How many ids there are.</summary>
    public int Size { get; }

    internal int[] EndOfSequence { get; }

    internal Func<string, IReadOnlyList<int>>? Tokenize { get; }

    internal VocabularyIndex Index => index.Value;

    /// <summary>States that are the same for every constraint.</summary>
    internal LexAutomaton Common => common.Value;
}
