namespace FlexGen.Constraints.Grammar;

/// <summary>Arrays of one kind.</summary>
/// <param name="Prefix">Rules of the first items, by number.</param>
/// <param name="Rest">The rule of those after them.</param>
/// <param name="Min">How many items there are, at least.</param>
/// <param name="Max">How many items there are, at most.</param>
internal sealed record ArrayRule(int[] Prefix, int Rest, long Min, long Max)
{
    /// <summary>The same for items of which a certain number must be there; null where none must.</summary>
    public HitRule? Hits { get; init; }

    public int Item(long index) => index < Prefix.Length ? Prefix[index] : Rest;
}
