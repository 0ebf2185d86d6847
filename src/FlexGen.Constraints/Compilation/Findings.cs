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
}
