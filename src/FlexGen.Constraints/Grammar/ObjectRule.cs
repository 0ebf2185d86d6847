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

    private readonly ConcurrentDictionary<(ObjectPlace, int), LexState?> names = new();

    /// <summary>For each set of kinds of properties of which it must have one, those that are of all of them.</summary>
    public ObjectHit[] Hits { get; init; } = [];

    /// <summary>Those kinds, as bits.</summary>
    public int Owed { get; init; }

    /// <summary>Properties without a name of their own: all, or those that are one that it must have.</summary>
    public ExtraRule[] ExtrasOf(ObjectHit? hit) => hit?.Extras ?? Extras;

    /// <summary>The tag of a property's name among an object's names; those below are of <see cref="ExtrasOf"/>.</summary>
    public int TagOf(int property, ObjectHit? hit = null) => ExtrasOf(hit).Length + property;

    /// <summary>The rule of the value that a tag's property has.</summary>
    public int Value(int tag, ObjectHit? hit = null) => tag < ExtrasOf(hit).Length ? ExtrasOf(hit)[tag].Value
        : hit is null ? Properties[tag - Extras.Length].Value : hit.Values[tag - hit.Extras.Length];

    /// <summary>Where one is after a property more.</summary>
    public ObjectPlace After(ObjectPlace place, int tag, ObjectHit? hit = null)
    {
        var extras = ExtrasOf(hit).Length;
        var after = (tag < extras ? place.WithExtra() : place.With(tag - extras)) with { Owed = place.Owed & ~(hit?.Owed ?? 0) };
        return Min > 0 || Max < long.MaxValue ? after : after with { Count = 0 };
    }

    /// <summary>The object may end.</summary>
    public bool MayEnd(ObjectPlace place) => place.Owed == 0 && place.Count >= Min && !Array.Exists(Missing(place), isMissing => isMissing);

    /// <summary>The tags of names that may be next, the one that the shortest way to the end has first.</summary>
    /// <param name="place">Where one is in the object.</param>
    /// <param name="hit">What the next property is to be; null: any.</param>
    public List<int> Next(ObjectPlace place, ObjectHit? hit = null)
    {
        var missing = Missing(place);
        var required = missing.Count(isMissing => isMissing);
        var tags = new List<int>();
        for (var i = 0; i < Properties.Length; i++)
        {
            var fits = place.Count + 1 + required - (missing[i] ? 1 : 0) <= Max;
            if (fits && IsPossible(TagOf(i, hit)) && IsInOrder(i, place, missing) && CanReachMin(place.With(i)))
            {
                tags.Add(TagOf(i, hit));
            }
        }

        var mayHaveExtra = place.Count + 1 + required <= Max && !Enumerable.Range(0, Properties.Length).Any(i => missing[i] && Properties[i].Chain >= 0)
            && CanReachMin(place.WithExtra());
        if (mayHaveExtra)
        {
            tags.AddRange(Enumerable.Range(0, ExtrasOf(hit).Length).Where(IsPossible));
        }

        if (place.Owed != 0)
        {
            // There must be room for what is owed.
            tags.RemoveAll(tag => Rest(After(place, tag, hit)).Cost >= LexAutomaton.Never);
        }

        PutNearestFirst(tags, place, hit);
        return tags;

        bool IsPossible(int tag) => hit is null ? Depth(tag) <= place.Room : hit.Cost(tag) < LexAutomaton.Never && hit.Depth(tag) <= place.Room;
    }

    /// <summary>The start of the names that may be next, after their first quote; null where there is none.</summary>
    /// <param name="place">Where one is in the object.</param>
    /// <param name="taken">Names of <see cref="Extras"/> that the object has.</param>
    /// <param name="automaton">Has the states.</param>
    /// <param name="hit">What the next property is to be; null: any.</param>
    public LexState? Names(ObjectPlace place, IReadOnlyCollection<string> taken, LexAutomaton automaton, ObjectHit? hit = null)
    {
        if (taken.Count > 0 && Array.Exists(ExtrasOf(hit), extra => !extra.IsEndless))
        {
            // Those few that are left, in an automaton of their own: nobody else will ask for just these.
            return automaton.Fresh().Start(
                algebra => MakeNames(place, hit, algebra, extra => algebra.And(algebra.Import(extra.Names), algebra.Not(algebra.Literals(taken)))),
                    LexMode.Canonical);
        }

        if (names.TryGetValue((place, hit?.Owed ?? 0), out var known))
        {
            return known;
        }

        if (names.Count > MostKept)
        {
            names.Clear();
        }

        return names[(place, hit?.Owed ?? 0)] = automaton.Start(algebra => MakeNames(place, hit, algebra, extra => extra.Names), LexMode.Canonical);
    }

    private IEnumerable<(int, RegexNode)> MakeNames(ObjectPlace place, ObjectHit? hit, RegexAlgebra algebra, Func<ExtraRule, RegexNode> language)
    {
        var extras = ExtrasOf(hit);
        return Next(place, hit).Select(tag => (tag, tag < extras.Length ? language(extras[tag]) : algebra.Literal(Properties[tag - extras.Length].Name)));
    }

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
