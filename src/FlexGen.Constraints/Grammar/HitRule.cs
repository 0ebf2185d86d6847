namespace FlexGen.Constraints.Grammar;

/// <summary>Items of an array that must be there a number of times.</summary>
/// <param name="Prefix">Rules of the first items where they are such ones, by number.</param>
/// <param name="Rest">The rule of those after them.</param>
/// <param name="Min">How many there are, at least.</param>
/// <param name="Max">How many there are, at most.</param>
internal sealed record HitRule(int[] Prefix, int Rest, long Min, long Max)
{
    public int Item(long index) => index < Prefix.Length ? Prefix[index] : Rest;
}
