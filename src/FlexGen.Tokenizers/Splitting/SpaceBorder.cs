using System.Buffers;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Where no token has U+2581 behind some character, no merge crosses such a place, and a text can be
/// cut there into words without any change to its ids.</summary>
internal sealed class SpaceBorder
{
    public const char Space = '\u2581';

    // A run of spaces stays whole.
    private readonly HashSet<char> joined = [Space];

    /// <summary>Takes note of a token that merges make.</summary>
    public void Add(string token)
    {
        for (var at = token.LastIndexOf(Space); at > 0; at = token.LastIndexOf(Space, at - 1))
        {
            joined.Add(token[at - 1]);
        }
    }

    public ISplitter Splitter() => new BeforeSplitter(Space, SearchValues.Create([.. joined]));
}
