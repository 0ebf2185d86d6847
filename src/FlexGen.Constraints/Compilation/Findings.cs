using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>Keywords that are not enforced, each once.</summary>
internal sealed class Findings
{
    private readonly Dictionary<string, UnenforcedKeyword> found = [];

    public IReadOnlyList<UnenforcedKeyword> All => [.. found.Values];

    /// <param name="keyword">The keyword.</param>
    /// <param name="schema">Where the schema stands.</param>
    /// <param name="reason">Why not, as a sentence without its full stop.</param>
    public void Add(string keyword, string schema, string reason)
    {
        var location = SchemaShape.Below(schema, keyword);
        found.TryAdd(location, new UnenforcedKeyword(keyword, location, reason));
    }

    /// <param name="location">Where the keyword stands.</param>
    /// <param name="reason">Why not, as a sentence without its full stop.</param>
    public void AddAt(string location, string reason)
    {
        var name = location[(location.LastIndexOf('/') + 1)..].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        found.TryAdd(location, new UnenforcedKeyword(name, location, reason));
    }
}
