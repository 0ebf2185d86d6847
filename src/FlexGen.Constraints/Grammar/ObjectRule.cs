using System.Collections.Concurrent;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Grammar;

/// <summary>
/// Objects of one kind. Properties without a name of their own come after those with one, except after those of no chain, which may stand among them.
/// </summary>
/// <param name="Properties">Those with a name.</param>
/// <param name="Extras">Those without, by their names' language; no name is of two.</param>
/// <param name="Min">How many properties there are, at least.</param>
/// <param name="Max">How many properties there are, at most.</param>
internal sealed partial record ObjectRule(PropertyRule[] Properties, ExtraRule[] Extras, long Min, long Max)
{
    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<ObjectPlace, LexState?> names = new();

    /// <summary>The tag of a property's name among an object's names; those below are of <see cref="Extras"/>.</summary>
    public int TagOf(int property) => Extras.Length + property;

    /// <summary>The rule of the value that a tag's property has.</summary>
    public int Value(int tag) => tag < Extras.Length ? Extras[tag].Value : Properties[tag - Extras.Length].Value;

    /// <summary>Where one is after a property more.</summary>
    public ObjectPlace After(ObjectPlace place, int tag)
    {
        var after = tag < Extras.Length ? place.WithExtra() : place.With(tag - Extras.Length);
        return Min > 0 || Max < long.MaxValue ? after : after with { Count = 0 };
    }

    /// <summary>The object may end.</summary>
    public bool MayEnd(ObjectPlace place) => place.Count >= Min && !Array.Exists(Missing(place), isMissing => isMissing);

    /// <summary>The tags of names that may be next, the one that the shortest way to the end has first.</summary>
    public List<int> Next(ObjectPlace place)
    {
        var missing = Missing(place);
        var required = missing.Count(isMissing => isMissing);
        var tags = new List<int>();
        for (var i = 0; i < Properties.Length; i++)
        {
            var fits = place.Count + 1 + required - (missing[i] ? 1 : 0) <= Max;
            if (fits && Depth(TagOf(i)) <= place.Room && IsInOrder(i, place, missing) && CanReachMin(place.With(i)))
            {
                tags.Add(TagOf(i));
            }
        }

        var mayHaveExtra = place.Count + 1 + required <= Max && !Enumerable.Range(0, Properties.Length).Any(i => missing[i] && Properties[i].Chain >= 0)
            && CanReachMin(place.WithExtra());
        if (mayHaveExtra)
        {
            tags.AddRange(Enumerable.Range(0, Extras.Length).Where(tag => Depth(tag) <= place.Room));
        }

        PutNearestFirst(tags, place);
        return tags;
    }

    /// <summary>The start of the names that may be next, after their first quote; null where there is none.</summary>
    /// <param name="place">Where one is in the object.</param>
    /// <param name="taken">Names of <see cref="Extras"/> that the object has.</param>
    /// <param name="automaton">Has the states.</param>
    public LexState? Names(ObjectPlace place, IReadOnlyCollection<string> taken, LexAutomaton automaton)
    {
        if (taken.Count > 0 && Array.Exists(Extras, extra => !extra.IsEndless))
        {
            // Those few that are left, in an automaton of their own: nobody else will ask for just these.
            return automaton.Fresh().Start(
                algebra => MakeNames(place, algebra, extra => algebra.And(algebra.Import(extra.Names), algebra.Not(algebra.Literals(taken)))),
                    LexMode.Canonical);
        }

        if (names.TryGetValue(place, out var known))
        {
            return known;
        }

        if (names.Count > MostKept)
        {
            names.Clear();
        }

        return names[place] = automaton.Start(algebra => MakeNames(place, algebra, extra => extra.Names), LexMode.Canonical);
    }

    private IEnumerable<(int, RegexNode)> MakeNames(ObjectPlace place, RegexAlgebra algebra, Func<ExtraRule, RegexNode> language) =>
        Next(place).Select(tag => (tag, tag < Extras.Length ? language(Extras[tag]) : algebra.Literal(Properties[tag - Extras.Length].Name)));

    private bool[] Missing(ObjectPlace place) => [.. Properties.Select((property, i) => property.IsRequired && !place.Used.Contains(i))];

    private bool IsInOrder(int index, ObjectPlace place, bool[] missing)
    {
        var chain = Properties[index].Chain;
        if (!IsPossible(index, place))
        {
            return false;
        }

        for (var i = 0; i < index && chain >= 0; i++)
        {
            if (Properties[i].Chain == chain && missing[i])
            {
                return false;
            }
        }

        return true;
    }

    // It is not there, and nothing is that must come after it.
    private bool IsPossible(int index, ObjectPlace place)
    {
        if (place.Used.Contains(index))
        {
            return false;
        }

        var chain = Properties[index].Chain;
        for (var i = index + 1; i < Properties.Length && chain >= 0; i++)
        {
            if (Properties[i].Chain == chain && place.Used.Contains(i))
            {
                return false;
            }
        }

        return chain < 0 || !place.HasExtra;
    }

    private bool CanReachMin(ObjectPlace place)
    {
        if (place.Count >= Min)
        {
            return true;
        }

        long extras = 0;
        for (var tag = 0; tag < Extras.Length; tag++)
        {
            extras = Depth(tag) > place.Room ? extras : Extras[tag].Count < long.MaxValue - extras ? extras + Extras[tag].Count : long.MaxValue;
        }

        var declared = Enumerable.Range(0, Properties.Length).Count(i => Depth(TagOf(i)) <= place.Room && IsPossible(i, place));
        return extras == long.MaxValue || place.Count + declared + extras - place.Extras >= Min;
    }
}
