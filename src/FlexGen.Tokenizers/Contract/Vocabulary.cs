namespace FlexGen.Tokenizers;

/// <summary>What each id stands for.</summary>
internal sealed class Vocabulary
{
    private const int LeastBound = 1 << 20;
    private readonly string?[] texts;
    private readonly bool[] special;

    /// <param name="file">Where the tokens come from, for messages.</param>
    /// <param name="tokens">The tokens with their ids, in any order; ids may be missing in between.</param>
    /// <param name="specialIds">The ids of those that decoding leaves out.</param>
    /// <exception cref="TokenizerException">An id is negative, or far beyond the number of tokens.</exception>
    public Vocabulary(string file, IEnumerable<KeyValuePair<string, int>> tokens, IEnumerable<int> specialIds)
    {
        var all = tokens.ToList();
        // Arrays are as long as the highest id, whatever a file claims.
        var bound = Math.Max(LeastBound, 4 * all.Count);
        foreach (var (text, id) in all)
        {
            if (id < 0 || id >= bound)
            {
                throw TokenizerException.Unsupported(file, $"the id {id} for \"{text}\" among {all.Count} tokens",
                    $"ids from 0 to {bound - 1}", "Copy the tokenizer's files again from the checkpoint.");
            }
        }

        texts = new string?[all.Count == 0 ? 0 : all.Max(token => token.Value) + 1];
        foreach (var (text, id) in all)
        {
            texts[id] = text;
        }

        special = new bool[texts.Length];
        foreach (var id in specialIds)
        {
            special[id] = true;
        }
    }

    public int Size => texts.Length;

    public int? BeginOfSequence { get; init; }

    public int? EndOfSequence { get; init; }

    /// <summary>The ids the model wants in front of a text.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>The ids the model wants behind a text.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    public string? TextOf(int id) => (uint)id < (uint)texts.Length ? texts[id] : null;

    public int? IdOf(string text) => Array.IndexOf(texts, text) is >= 0 and var id ? id : null;

    public bool IsSpecial(int id) => (uint)id < (uint)special.Length && special[id];

    /// <summary>The special tokens.</summary>
    public IEnumerable<(int Id, string Text)> Special =>
        Enumerable.Range(0, Size).Where(id => special[id] && texts[id] is not null).Select(id => (id, texts[id]!));

    /// <summary>The text of an id that decoding shows; null for special tokens and unknown ids.</summary>
    public string? VisibleTextOf(int id) => IsSpecial(id) ? null : TextOf(id);

    /// <summary>The ids of tokens that were added to the vocabulary, which ordinary text need not use.</summary>
    public IReadOnlySet<int> Added { get; init; } = new HashSet<int>();

    /// <summary>The first id from the bound on of a token that was not added.</summary>
    public int? FirstAtOrAbove(int bound)
    {
        for (var id = Math.Max(bound, 0); id < texts.Length; id++)
        {
            if (texts[id] is not null && !Added.Contains(id))
            {
                return id;
            }
        }

        return null;
    }
}
