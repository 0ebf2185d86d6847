namespace FlexGen.Tokenizers;

/// <summary>What each id stands for.</summary>
internal sealed class Vocabulary
{
    private readonly string?[] texts;
    private readonly bool[] special;

    public Vocabulary(IEnumerable<KeyValuePair<string, int>> tokens, IEnumerable<int> specialIds)
    {
        var all = tokens.ToList();
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
