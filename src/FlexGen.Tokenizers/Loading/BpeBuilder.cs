using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.Bpe;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Puts a byte-pair encoding together from what a file lists.</summary>
internal sealed class BpeBuilder(string file, Dictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added)
{
    // No text may become a control token by way of merges or of whole words either.
    private readonly HashSet<int> control = [.. added.Where(token => token.Special).Select(token => token.Id)];
    private readonly MergeTable merges = new(vocabulary.Count);
    private readonly SpaceBorder border = new();
    private int rank;

    /// <summary>Adds the next merge; the first goes first.</summary>
    /// <exception cref="TokenizerException">A token of it is not in the vocabulary.</exception>
    public void AddMerge(string left, string right)
    {
        var merge = new Merge(rank++, IdOf(left + right));
        border.Add(left + right);
        if (!control.Contains(merge.Id))
        {
            merges.Add(IdOf(left), IdOf(right), merge);
        }
    }

    public BpeModel Build(IAlphabet alphabet, bool ignoreMerges) => new(alphabet, merges)
    {
        WholeWords = ignoreMerges ? vocabulary.Where(token => !control.Contains(token.Value)).ToDictionary(StringComparer.Ordinal) : null,
    };

    /// <summary>What cuts a text into words before U+2581 without any change to its ids; null when nothing does.</summary>
    public ISplitter? SpaceSplitter(bool ignoreMerges) =>
        !ignoreMerges && vocabulary.ContainsKey(SpaceBorder.Space.ToString()) ? border.Splitter() : null;

    /// <summary>What each id stands for.</summary>
    public Vocabulary Vocabulary(TokenizerConfig config, IReadOnlyList<int> before, IReadOnlyList<int> after) =>
        new(file, vocabulary.Concat(added.Select(token => KeyValuePair.Create(token.Text, token.Id))), control)
        {
            BeginOfSequence = Find(config.BeginToken),
            EndOfSequence = Find(config.EndToken),
            Before = before,
            After = after,
            Added = added.Select(token => token.Id).ToHashSet(),
        };

    /// <summary>The id of a token, added or not; null for null and unknown ones.</summary>
    public int? Find(string? token) =>
        added.FirstOrDefault(one => one.Text == token)?.Id ?? (token is not null && vocabulary.TryGetValue(token, out var id) ? id : null);

    private int IdOf(string token) => vocabulary.TryGetValue(token, out var id)
        ? id
        : throw TokenizerException.Unsupported(file, $"a merge with the token \"{token}\", which the vocabulary lacks",
            "a vocabulary with every token of the merges", "Copy the tokenizer's files again from one checkpoint.");
}
