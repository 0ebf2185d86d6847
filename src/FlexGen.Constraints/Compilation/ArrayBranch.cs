namespace FlexGen.Constraints.Compilation;

/// <summary>All that an array must be.</summary>
internal sealed record ArrayBranch
{
    public static ArrayBranch All { get; } = new();

    /// <summary>Schemas whose items count, by number.</summary>
    public int[] Facets { get; init; } = [];

    /// <summary>What each item must be besides.</summary>
    public int[] Each { get; init; } = [];

    /// <summary>What single items must be besides.</summary>
    public (int Index, int Signed)[] At { get; init; } = [];

    public long Min { get; init; }

    public long Max { get; init; } = long.MaxValue;

    /// <summary>What a number of items must be.</summary>
    public (int Signed, long Min, long Max)[] Hits { get; init; } = [];

    /// <summary>What items must be that none of some facets speaks of, and that are not of some kinds that are counted.</summary>
    public (int Schema, int[] Facets, int[] Hits)[] Unevaluated { get; init; } = [];

    /// <summary>Where it is said that no item is there twice, as a JSON pointer; null where it is not.</summary>
    public string? UniqueAt { get; init; }

    /// <summary>Those of <see cref="Facets"/> that evaluate nothing: what they say is a part of what another schema refuses.</summary>
    public int[] Unseen { get; init; } = [];

    /// <summary>The same of <see cref="Hits"/>.</summary>
    public int[] UnseenHits { get; init; } = [];

    public ArrayBranch And(ArrayBranch other) => this == All ? other : other == All ? this : new ArrayBranch
    {
        Facets = [.. Facets.Union(other.Facets)],
        Each = [.. Each.Union(other.Each)],
        At = [.. At.Union(other.At)],
        Min = Math.Max(Min, other.Min),
        Max = Math.Min(Max, other.Max),
        Hits = [.. Hits.Union(other.Hits)],
        Unevaluated = [.. Unevaluated, .. other.Unevaluated],
        Unseen = [.. Unseen.Union(other.Unseen)],
        UnseenHits = [.. UnseenHits.Union(other.UnseenHits)],
        UniqueAt = UniqueAt ?? other.UniqueAt,
    };
}
