using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Grammar;

/// <summary>Properties of which an object must have one, or that are the ones of several kinds of which it must.</summary>
/// <param name="Owed">Which of an object's kinds, as bits.</param>
/// <param name="Values">Of each declared property the rule of its value as such a one, by number; -1 where it is none.</param>
/// <param name="Extras">Those without a name of their own.</param>
internal sealed record ObjectHit(int Owed, int[] Values, ExtraRule[] Extras)
{
    private DistinctTexts[] names = [];
    private int[] costs = [];

    /// <summary>How deep values are, by tag.</summary>
    public int[] Depths { get; private set; } = [];

    /// <summary>Has it find out what names cost.</summary>
    public ObjectHit Measured(LexAutomaton states)
    {
        names = Array.ConvertAll(Extras, extra => DistinctTexts.OfNames(states, extra.Names));
        return this;
    }

    /// <summary>Has it know what values cost, and how deep they are, by the numbers of their rules.</summary>
    public void Priced(Func<int, int> costOf, Func<int, int> depthOf)
    {
        costs = [.. Extras.Select(extra => extra.Value).Concat(Values).Select(costOf)];
        Depths = [.. Extras.Select(extra => extra.Value).Concat(Values).Select(depthOf)];
    }

    /// <summary>The same of some of the declared properties, without what has no value.</summary>
    public ObjectHit Pruned(IEnumerable<int> properties, Func<int, int> costOf) =>
        new(Owed, [.. properties.Select(i => Values[i])], Array.FindAll(Extras, extra => costOf(extra.Value) < LexAutomaton.Never));

    /// <summary>Tokens, at most, of a tag's value; <see cref="LexAutomaton.Never"/> where it has none.</summary>
    public int Cost(int tag) => costs[tag];

    /// <summary>How deep it is, the shortest that there is.</summary>
    public int Depth(int tag) => Depths[tag];

    /// <summary>Tokens, at most, of a name, where there are so many of its kind.</summary>
    public int NameCost(int tag, long index) => names[tag].Cost(index);
}
