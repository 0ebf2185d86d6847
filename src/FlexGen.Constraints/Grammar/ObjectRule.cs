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
internal sealed record ObjectRule(PropertyRule[] Properties, ExtraRule[] Extras, long Min, long Max)
{
    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<ObjectPlace, LexState?> names = new();
    private readonly int[] nameCosts = new int[Extras.Length + Properties.Length];

    /// <summary>The tag of a property's name among an object's names; those below are of <see cref="Extras"/>.</summary>
    public int TagOf(int property) => Extras.Length + property;

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
            if (fits && IsInOrder(i, place, missing) && (Min <= place.Count + 1 || CanReachMin(new ObjectPlace(place.Used.With(i), place.HasExtra,
                place.Count + 1))))
            {
                tags.Insert(missing[i] && !tags.Exists(tag => missing[tag - Extras.Length]) ? 0 : tags.Count, TagOf(i));
            }
        }

        var mayHaveExtra = place.Count + 1 + required <= Max && !Enumerable.Range(0, Properties.Length).Any(i => missing[i] && Properties[i].Chain >= 0)
            && (Min <= place.Count + 1 || Extras.Length > 0);
        if (mayHaveExtra)
        {
            tags.AddRange(Enumerable.Range(0, Extras.Length));
        }

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

    /// <summary>Tokens, at most, of a shortest name of a tag, and its last quote.</summary>
    public int NameCost(int tag, LexAutomaton automaton)
    {
        if (nameCosts[tag] == 0)
        {
            nameCosts[tag] = automaton.Start(
                algebra => [(0, tag < Extras.Length ? Extras[tag].Names : algebra.Literal(Properties[tag - Extras.Length].Name))], LexMode.Canonical)!.Cost;
        }

        return nameCosts[tag];
    }

    private IEnumerable<(int, RegexNode)> MakeNames(ObjectPlace place, RegexAlgebra algebra, Func<ExtraRule, RegexNode> language) =>
        Next(place).Select(tag => (tag, tag < Extras.Length ? language(Extras[tag]) : algebra.Literal(Properties[tag - Extras.Length].Name)));

    /// <summary>Which properties must still come.</summary>
    public bool[] Missing(ObjectPlace place) => [.. Properties.Select((property, i) => property.IsRequired && !place.Used.Contains(i))];

    private bool IsInOrder(int index, ObjectPlace place, bool[] missing)
    {
        if (place.Used.Contains(index))
        {
            return false;
        }

        var chain = Properties[index].Chain;
        if (chain < 0)
        {
            return true;
        }

        for (var i = 0; i < Properties.Length; i++)
        {
            if (Properties[i].Chain == chain && (i < index ? missing[i] : place.Used.Contains(i)))
            {
                return false;
            }
        }

        return !place.HasExtra;
    }

    private bool CanReachMin(ObjectPlace place)
    {
        while (place.Count < Min)
        {
            var missing = Missing(place);
            var next = Enumerable.Range(0, Properties.Length).FirstOrDefault(i => IsInOrder(i, place, missing), -1);
            if (next < 0)
            {
                return Extras.Length > 0 && !Array.Exists(missing, isMissing => isMissing);
            }

            place = place with { Used = place.Used.With(next), Count = place.Count + 1 };
        }

        return true;
    }
}
