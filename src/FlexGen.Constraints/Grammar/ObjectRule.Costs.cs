using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Grammar;

// The shortest way to the end of an object.
internal sealed partial record ObjectRule
{
    /// <summary>Objects that must have more properties than these are given up.</summary>
    private const int MostLacking = 4096;

    private LexAutomaton? automaton;
    private int[] nameCosts = [];
    private DistinctTexts[] extraNames = [];
    private int[] costs = [];
    private int[] depths = [];

    /// <summary>Where one is in an object that has no property.</summary>
    public ObjectPlace Start => new(NameSet.None(Properties.Length), false, 0, int.MaxValue, Owed);

    /// <summary>The most that a value's <see cref="Depth"/> is.</summary>
    public int Deepest => depths.Concat(Hits.SelectMany(hit => hit.Depths)).DefaultIfEmpty(0).Max();

    /// <summary>How deep the value of a tag's property is, the shortest that there is.</summary>
    public int Depth(int tag) => depths[tag];

    /// <summary>Has it find out what names cost.</summary>
    public ObjectRule Measured(LexAutomaton states)
    {
        automaton = states;
        nameCosts = new int[Properties.Length];
        extraNames = Array.ConvertAll(Extras, extra => DistinctTexts.OfNames(states, extra.Names));
        Array.ForEach(Hits, hit => hit.Measured(states));
        return this;
    }

    /// <summary>Has it know what values cost, and how deep they are, by the numbers of their rules.</summary>
    public ObjectRule Priced(Func<int, int> costOf, Func<int, int> depthOf)
    {
        costs = [.. Enumerable.Range(0, Extras.Length + Properties.Length).Select(tag => costOf(Value(tag)))];
        depths = [.. Enumerable.Range(0, Extras.Length + Properties.Length).Select(tag => depthOf(Value(tag)))];
        Array.ForEach(Hits, hit => hit.Priced(costOf, depthOf));
        return this;
    }

    /// <summary>The same without the properties that have no value.</summary>
    public ObjectRule Pruned(Func<int, int> costOf)
    {
        int[] kept = [.. Enumerable.Range(0, Properties.Length).Where(i => costOf(Properties[i].Value) < LexAutomaton.Never)];
        return new ObjectRule([.. kept.Select(i => Properties[i])], Array.FindAll(Extras, extra => costOf(extra.Value) < LexAutomaton.Never), Min, Max)
        {
            Hits = Array.ConvertAll(Hits, hit => hit.Pruned(kept, costOf)),
            Owed = Owed,
        }.Measured(automaton!);
    }

    /// <summary>Tokens, at most, from the end of the present property to the end of the object.</summary>
    public int RestCost(ObjectPlace place)
    {
        var (cost, _, _) = Rest(place);
        // There is no comma before the first.
        return (int)Math.Min(cost > 1 && place.IsStart ? cost - 1 : cost, LexAutomaton.Never);
    }

    /// <summary>How deep an object is that is ended by the shortest way: 1 where its values are no objects or arrays.</summary>
    public int RestDepth()
    {
        var (_, tags, owed) = Rest(Start);
        return 1 + tags.Select(Depth).Append(owed).Max();
    }

    // What is to come at least, the cheapest there is, what that costs, and how deep those are that it must have one of.
    private (long Cost, List<int> Tags, int Deep) Rest(ObjectPlace place)
    {
        var tags = new List<int>();
        long cost = 1;
        for (var i = 0; i < Properties.Length; i++)
        {
            if (Properties[i].IsRequired && !place.Used.Contains(i))
            {
                tags.Add(TagOf(i));
                cost += PropertyCost(i);
            }
        }

        var (owedCost, owedCount, deep) = place.Owed == 0 ? default : Owing(place, place.Owed, Max - place.Count - tags.Count);
        cost = Math.Min(cost + owedCost, LexAutomaton.Never);
        var lacking = Min - place.Count - tags.Count - owedCount;
        if (lacking > 0 && cost < LexAutomaton.Never)
        {
            (cost, tags) = lacking > MostLacking ? (LexAutomaton.Never, tags) : Filled(place, lacking, cost, tags);
        }

        return (cost, tags, deep);
    }

    // What it costs besides what it must have anyway to have one of each kind that is owed, how many properties more, and how deep the deepest is.
    private (long Cost, int Count, int Deep) Owing(ObjectPlace place, int owed, long room)
    {
        (long Cost, int Count, int Deep) best = (LexAutomaton.Never, 0, 0);
        var first = owed & -owed;
        foreach (var hit in Hits.Where(hit => (hit.Owed & first) != 0 && (hit.Owed & ~owed) == 0))
        {
            foreach (var (cost, count, deep) in Candidates(place, hit).Where(one => one.Count <= room))
            {
                var (rest, more, deeper) = hit.Owed == owed ? default : Owing(place, owed & ~hit.Owed, room - count);
                if (cost + rest < best.Cost)
                {
                    best = (cost + rest, count + more, Math.Max(deep, deeper));
                }
            }
        }

        return best;
    }

    // The cheapest of those that are there anyway, and of the others.
    private IEnumerable<(long Cost, int Count, int Deep)> Candidates(ObjectPlace place, ObjectHit hit)
    {
        (long Cost, int Count, int Deep) anyway = (LexAutomaton.Never, 0, 0), other = (LexAutomaton.Never, 1, 0);
        for (var i = 0; i < Properties.Length; i++)
        {
            var tag = TagOf(i, hit);
            if (Math.Max(hit.Cost(tag), costs[TagOf(i)]) < LexAutomaton.Never && hit.Depth(tag) <= place.Room && IsPossible(i, place))
            {
                var cost = PropertyCost(i) - costs[TagOf(i)] + hit.Cost(tag);
                if (Properties[i].IsRequired && cost - PropertyCost(i) < anyway.Cost)
                {
                    anyway = (cost - PropertyCost(i), 0, hit.Depth(tag));
                }
                else if (!Properties[i].IsRequired && cost < other.Cost)
                {
                    other = (cost, 1, hit.Depth(tag));
                }
            }
        }

        for (var tag = 0; tag < hit.Extras.Length; tag++)
        {
            var cost = 3L + hit.NameCost(tag, Math.Max(0, place.Extras)) + hit.Cost(tag);
            if (hit.Depth(tag) <= place.Room && cost < other.Cost)
            {
                other = (cost, 1, hit.Depth(tag));
            }
        }

        return [anyway, other];
    }

    private (long Cost, List<int> Tags) Filled(ObjectPlace place, long lacking, long cost, List<int> tags)
    {
        var declared = new PriorityQueue<int, long>();
        for (var i = 0; i < Properties.Length; i++)
        {
            if (!Properties[i].IsRequired && IsPossible(i, place))
            {
                Enqueue(declared, TagOf(i), PropertyCost(i));
            }
        }

        var extras = new PriorityQueue<int, long>();
        var next = new long[Extras.Length];
        for (var tag = 0; tag < Extras.Length; tag++)
        {
            Enqueue(extras, tag, ExtraCost(tag, 0));
        }

        // Those that are there are the cheapest, at worst.
        for (var i = place.Extras; i > 0; i--)
        {
            TakeExtra();
        }

        for (; lacking > 0; lacking--)
        {
            var isDeclared = declared.TryPeek(out var tag, out var one);
            if (extras.TryPeek(out var extra, out var other) && (!isDeclared || other < one))
            {
                (tag, one) = (extra, other);
                TakeExtra();
            }
            else if (isDeclared)
            {
                declared.Dequeue();
            }
            else
            {
                return (LexAutomaton.Never, tags);
            }

            tags.Add(tag);
            cost += one;
        }

        return (cost, tags);

        void TakeExtra()
        {
            if (extras.TryDequeue(out var tag, out _))
            {
                Enqueue(extras, tag, ExtraCost(tag, ++next[tag]));
            }
        }

        void Enqueue(PriorityQueue<int, long> queue, int tag, long one)
        {
            if (one < LexAutomaton.Never && Depth(tag) <= place.Room)
            {
                queue.Enqueue(tag, one);
            }
        }
    }

    private void PutNearestFirst(List<int> tags, ObjectPlace place, ObjectHit? hit)
    {
        if (tags.Count < 2)
        {
            return;
        }

        if (hit is not null)
        {
            var cheapest = tags.MinBy(tag => hit.Cost(tag) + (tag < hit.Extras.Length ? hit.NameCost(tag, 0) : PropertyCost(tag - hit.Extras.Length)));
            tags.Remove(cheapest);
            tags.Insert(0, cheapest);
            return;
        }

        // Properties with a name come before those without, in their order.
        var nearest = Rest(place).Tags.Where(tags.Contains).OrderBy(tag => tag < Extras.Length ? int.MaxValue : tag).FirstOrDefault(-1);
        nearest = nearest >= 0 ? nearest : tags.MinBy(tag => tag < Extras.Length ? ExtraCost(tag, 0) : PropertyCost(tag - Extras.Length));
        tags.Remove(nearest);
        tags.Insert(0, nearest);
    }

    // A comma, a quote, the name, a colon and the value.
    private long PropertyCost(int property)
    {
        if (nameCosts[property] == 0)
        {
            nameCosts[property] = automaton!.Start(algebra => [(0, algebra.Literal(Properties[property].Name))], LexMode.Canonical)!.Cost;
        }

        return costs[TagOf(property)] >= LexAutomaton.Never ? LexAutomaton.Never : 3L + nameCosts[property] + costs[TagOf(property)];
    }

    private long ExtraCost(int tag, long index) =>
        costs[tag] >= LexAutomaton.Never ? LexAutomaton.Never : Math.Min(3L + extraNames[tag].Cost(index) + costs[tag], LexAutomaton.Never);
}
