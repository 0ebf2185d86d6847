namespace FlexGen.Tokenizers.Bpe;

/// <summary>Byte-pair encoding of one word: of all neighbours that merge, those of the lowest rank do first, the
/// leftmost of equals before the others. Thread-safe.</summary>
internal sealed class BpeModel(IAlphabet alphabet, MergeTable merges)
{
    private const int LongestKept = 1 << 14;

    [ThreadStatic]
    private static BpeWorkspace? workspaceOfThread;

    private readonly WordCache cache = new();

    /// <summary>Words that are tokens as a whole, whatever the merges say; null: none.</summary>
    public IReadOnlyDictionary<string, int>? WholeWords { get; init; }

    /// <summary>Appends the ids of a word.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (cache.Find(word) is { } known)
        {
            ids.AddRange(known.AsSpan());
            return;
        }

        if (WholeWords is not null && WholeWords.TryGetValue(alphabet.Written(word), out var whole))
        {
            ids.Add(whole);
            cache.Add(word, [whole]);
            return;
        }

        var workspace = word.Length > LongestKept ? new BpeWorkspace() : workspaceOfThread ??= new BpeWorkspace();
        workspace.Start(word, alphabet);
        workspace.MergeAll(merges);
        ids.AddRange(workspace.Ids);
        cache.Add(word, workspace.Ids);
    }
}
