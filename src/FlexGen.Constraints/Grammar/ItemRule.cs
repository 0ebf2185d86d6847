namespace FlexGen.Constraints.Grammar;

/// <summary>What items of an array may be.</summary>
/// <param name="Hits">The <see cref="ArrayRule.Hits"/> that they count for, a bit each.</param>
/// <param name="Prefix">Rules of the first items, by number.</param>
/// <param name="Rest">The rule of those after them.</param>
internal sealed record ItemRule(int Hits, int[] Prefix, int Rest)
{
    public int Rule(long index) => index < Prefix.Length ? Prefix[index] : Rest;
}
