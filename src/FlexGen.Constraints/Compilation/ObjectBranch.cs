namespace FlexGen.Constraints.Compilation;

/// <summary>All that an object must be.</summary>
internal sealed record ObjectBranch
{
    public static ObjectBranch All { get; } = new();

    /// <summary>Schemas whose properties, patterns, additional properties and names count, by number.</summary>
    public int[] Facets { get; init; } = [];

    /// <summary>What single properties must be besides.</summary>
    public (string Name, int Signed)[] Named { get; init; } = [];

    public string[] Required { get; init; } = [];

    /// <summary>Kinds of properties of which there must be one.</summary>
    public OwedProperty[] Owed { get; init; } = [];

    public long Min { get; init; }

    public long Max { get; init; } = long.MaxValue;

    /// <summary>What properties must be that none of some facets speaks of.</summary>
    public (int Schema, int[] Facets)[] Unevaluated { get; init; } = [];

    /// <summary>Those of <see cref="Facets"/> that evaluate nothing: what they say is a part of what another schema refuses.</summary>
    public int[] Unseen { get; init; } = [];

    public ObjectBranch And(ObjectBranch other) => this == All ? other : other == All ? this : new ObjectBranch
    {
        Facets = [.. Facets.Union(other.Facets)],
        Named = [.. Named.Union(other.Named)],
        Required = [.. Required.Union(other.Required)],
        Owed = [.. Owed.Concat(other.Owed).DistinctBy(property => (property.Names, property.Value))],
        Min = Math.Max(Min, other.Min),
        Max = Math.Min(Max, other.Max),
        Unevaluated = [.. Unevaluated, .. other.Unevaluated],
        Unseen = [.. Unseen.Union(other.Unseen)],
    };
}
