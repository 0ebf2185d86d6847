namespace FlexGen.Worker.Generation;

/// <summary>
/// The texts that end a completion, as they are looked for in it. A control token has no text there, so in a stop string its text
/// stands for itself, where the model writes it letter by letter, and for the token: a mark is looked for that the token leaves.
/// </summary>
internal sealed class StopTexts
{
    /// <summary>The first half of a surrogate pair: two of them are no text.</summary>
    private const char FirstMark = '\uD800';

    private readonly Dictionary<int, string> marks = [];

    /// <param name="stops">None of them empty.</param>
    /// <param name="controlTokens">Those of the tokenizer.</param>
    public StopTexts(IEnumerable<string> stops, IEnumerable<(int Id, string Text)> controlTokens)
    {
        string[] written = [.. stops];
        string[] marked = [.. written];
        // The longest first: one may be the beginning of another.
        var named = controlTokens.Where(c => c.Text.Length > 0).GroupBy(c => c.Text).OrderByDescending(c => c.Key.Length)
            .Where(c => written.Any(s => s.Contains(c.Key, StringComparison.Ordinal)));
        foreach (var (n, token) in named.Index())
        {
            string mark = new((char)(FirstMark + n), 2);
            marked = [.. marked.Select(s => s.Replace(token.Key, mark, StringComparison.Ordinal))];
            foreach (var (id, _) in token)
            {
                marks.Add(id, mark);
            }
        }

        Texts = [.. written.Union(marked)];
    }

    /// <summary>What to look for.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>What a token leaves in the text that is searched; null: its text alone.</summary>
    public string? Mark(int token) => marks.GetValueOrDefault(token);

    /// <summary>The text without marks.</summary>
    public string Visible(string text) => marks.Values.Aggregate(text, (visible, mark) => visible.Replace(mark, "", StringComparison.Ordinal));
}
