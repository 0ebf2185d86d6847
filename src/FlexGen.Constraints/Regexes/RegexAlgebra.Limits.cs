namespace FlexGen.Constraints.Regexes;

// Languages whose repetitions have a limit that is far off.
internal sealed partial class RegexAlgebra
{
    /// <summary>Limits below this one are near.</summary>
    private const int Far = 24;

    private readonly Dictionary<RegexNode, (RegexNode Language, int Limit)> unlimited = [];

    /// <summary>
    /// A language without its far limits of repetitions: it has more texts, but none more that has no more code points than the least of those limits. The same
    /// language where it has none.
    /// </summary>
    public (RegexNode Language, int Limit) Unlimited(RegexNode node)
    {
        if (node.Kind is RegexKind.None or RegexKind.Empty or RegexKind.Set or RegexKind.Multiple or RegexKind.Not)
        {
            // What a complement lacks more, it would have less.
            return (node, int.MaxValue);
        }

        if (!unlimited.TryGetValue(node, out var known))
        {
            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            unlimited[node] = known = FindUnlimited(node);
        }

        return known;
    }

    private (RegexNode, int) FindUnlimited(RegexNode node)
    {
        var parts = new RegexNode[node.Parts.Length];
        var limit = int.MaxValue;
        for (var i = 0; i < parts.Length; i++)
        {
            (parts[i], var least) = Unlimited(node.Parts[i]);
            limit = Math.Min(limit, least);
        }

        var isFar = node is { Kind: RegexKind.Loop, Max: >= Far and < Endless };
        if (limit == int.MaxValue && !isFar)
        {
            return (node, limit);
        }

        var language = node.Kind switch
        {
            RegexKind.Concat => Concat(parts[0], parts[1]),
            RegexKind.Or => Or(parts),
            RegexKind.And => And(parts),
            _ => Loop(parts[0], node.Min, isFar ? Endless : node.Max),
        };
        return (language, isFar ? Math.Min(limit, node.Max) : limit);
    }
}
