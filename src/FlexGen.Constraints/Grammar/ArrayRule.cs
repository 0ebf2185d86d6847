using System.Collections.Concurrent;
using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Grammar;

/// <summary>Arrays of one kind.</summary>
/// <param name="Items">What items may be; of several, for each set of <paramref name="Hits"/> those that are all of them.</param>
/// <param name="Hits">Kinds of items of which there must be a number.</param>
/// <param name="Min">How many items there are, at least.</param>
/// <param name="Max">How many items there are, at most.</param>
internal sealed record ArrayRule(ItemRule[] Items, HitRule[] Hits, long Min, long Max)
{
    /// <summary>Arrays that must have more items than these, and of certain kinds, are given up.</summary>
    private const int MostLacking = 4096;

    private readonly ConcurrentDictionary<ArrayPlace, long> known = new();
    private Func<int, int> costOf = _ => LexAutomaton.Never;
    private Func<int, int> depthOf = _ => 0;

    /// <summary>Where no item is there twice, what they are; null where they may be.</summary>
    public UniqueItems? Unique { get; init; }

    /// <summary>Where <c>uniqueItems</c> stands, as a JSON pointer; null where it does not.</summary>
    public string? UniqueAt { get; init; }

    /// <summary>The most that an item's depth is.</summary>
    public int Deepest => Items.Max(item => item.Prefix.Append(item.Rest).Max(Depth));

    /// <summary>Has it know what items cost, and how deep they are, by the numbers of their rules.</summary>
    public ArrayRule Priced(Func<int, int> cost, Func<int, int> depth)
    {
        (costOf, depthOf) = (cost, depth);
        known.Clear();
        return this;
    }

    /// <summary>The array may end.</summary>
    public bool MayEnd(ArrayPlace place) => place.Count >= Min && !LacksHit(place);

    /// <summary>The rules that the next item may have, by number, each with where one is then.</summary>
    public IEnumerable<(int Rule, ArrayPlace Place)> Next(ArrayPlace place)
    {
        foreach (var item in place.Count < Max ? Items : [])
        {
            var rule = item.Rule(place.Count);
            if (IsPossible(rule, place) && After(place, item) is { } after && Rest(after) < LexAutomaton.Never)
            {
                yield return (rule, after);
            }
        }
    }

    /// <summary>Tokens, at most, from the end of the present item to the end of the array.</summary>
    public int RestCost(ArrayPlace place)
    {
        var cost = Rest(place);
        // There is no comma before the first.
        return (int)Math.Min(cost > 1 && place.Count == 0 ? cost - 1 : cost, LexAutomaton.Never);
    }

    /// <summary>How deep an array is that is ended by the shortest way: 1 where its items are no objects or arrays.</summary>
    public int RestDepth()
    {
        var deepest = 0;
        for (var place = ArrayPlace.Start; !MayEnd(place) && Unique is null;)
        {
            var before = place;
            var (rule, after) = Next(place).MinBy(next => costOf(next.Rule) + Rest(next.Place));
            deepest = Math.Max(deepest, Depth(rule));
            if (place.Count >= Items[0].Prefix.Length && !LacksHit(place) && after with { Count = before.Count } == before)
            {
                // The others are as this one.
                break;
            }

            place = after;
        }

        return 1 + deepest;
    }

    private int Depth(int rule) => depthOf(rule);

    private bool LacksHit(ArrayPlace place)
    {
        for (var i = 0; i < Hits.Length; i++)
        {
            if (place.HitsOf(i) < Hits[i].Min)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsPossible(int rule, ArrayPlace place) => costOf(rule) < LexAutomaton.Never && depthOf(rule) <= place.Room;

    // Null where that were too many of a kind. What makes no difference is not counted.
    private ArrayPlace? After(ArrayPlace place, ItemRule item)
    {
        var bound = Max < long.MaxValue ? Max : Math.Max(Min, item.Prefix.Length + 1);
        var after = place with { Count = Math.Min(place.Count + 1, bound) };
        for (var i = 0; i < Hits.Length; i++)
        {
            if ((item.Hits >> i & 1) == 0)
            {
                continue;
            }

            if (place.HitsOf(i) >= Hits[i].Max)
            {
                return null;
            }

            after = Hits[i].Max < long.MaxValue || place.HitsOf(i) < Hits[i].Min ? after.WithHit(i) : after;
        }

        return after;
    }

    private long Rest(ArrayPlace place)
    {
        if (MayEnd(place))
        {
            return 1;
        }

        if (Unique is not null || Hits.Length == 0)
        {
            return Alike(place);
        }

        if (place.Count >= Max || Hits.Max(hit => hit.Min) > MostLacking)
        {
            return LexAutomaton.Never;
        }

        if (!known.TryGetValue(place, out var cost))
        {
            known[place] = cost = LacksHit(place) || place.Count < Items[0].Prefix.Length || FreeItem(place) is not { } free ? Mixed(place)
                : Times(Min - place.Count, 1L + costOf(free)) + 1;
        }

        return cost;
    }

    // Items of which none is of a kind that is counted.
    private long Alike(ArrayPlace place)
    {
        long cost = 1;
        for (var i = place.Count; i < Min && cost < LexAutomaton.Never; i++)
        {
            if (Unique is null && i >= Items[0].Prefix.Length)
            {
                return cost + (IsPossible(Items[0].Rest, place) ? Times(Min - i, 1L + costOf(Items[0].Rest)) : LexAutomaton.Never);
            }

            cost += Unique is not null ? 1L + Unique.Cost(i) : IsPossible(Items[0].Rule(i), place) ? 1L + costOf(Items[0].Rule(i)) : LexAutomaton.Never;
        }

        return cost;
    }

    private static long Times(long count, long cost) => count > LexAutomaton.Never ? LexAutomaton.Never : Math.Min(count * cost, LexAutomaton.Never);

    // The cheapest rule of items of which there may be any number.
    private int? FreeItem(ArrayPlace place)
    {
        var free = Array.FindAll(Items, item => IsPossible(item.Rest, place)
            && Array.TrueForAll([.. Hits.Index()], hit => (item.Hits >> hit.Index & 1) == 0 || hit.Item.Max == long.MaxValue));
        return free.Length == 0 ? null : free.Select(item => item.Rest).MinBy(costOf);
    }

    private long Mixed(ArrayPlace place)
    {
        if (Min - place.Count > MostLacking)
        {
            return LexAutomaton.Never;
        }

        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        long best = LexAutomaton.Never;
        foreach (var item in Items)
        {
            var rule = item.Rule(place.Count);
            if (IsPossible(rule, place) && After(place, item) is { } after && after != place)
            {
                best = Math.Min(best, 1L + costOf(rule) + Rest(after));
            }
        }

        return best;
    }
}
