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
    public ObjectPlace Start => new(NameSet.None(Properties.Length), false, 0, int.MaxValue);

    /// <summary>The most that a value's <see cref="Depth"/> is.</summary>
    public int Deepest => depths.DefaultIfEmpty(0).Max();

    /// <summary>How deep the value of a tag's property is, the shortest that there is.</summary>
    public int Depth(int tag) => depths[tag];

    /// <summary>Has it find out what names cost.</summary>
    public ObjectRule Measured(LexAutomaton states)
    {
        automaton = states;
        nameCosts = new int[Properties.Length];
        extraNames = Array.ConvertAll(Extras, extra => new DistinctTexts(
            states, LexMode.Canonical, (algebra, texts) => algebra.And(algebra.Import(extra.Names), algebra.Not(algebra.Literals(texts)))));
        return this;
    }

    /// <summary>Has it know what values cost, and how deep they are, by the numbers of their rules.</summary>
    public ObjectRule Priced(Func<int, int> costOf, Func<int, int> depthOf)
    {
        costs = [.. Enumerable.Range(0, Extras.Length + Properties.Length).Select(tag => costOf(Value(tag)))];
        depths = [.. Enumerable.Range(0, Extras.Length + Properties.Length).Select(tag => depthOf(Value(tag)))];
        return this;
    }

    /// <summary>The same without the properties that have no value.</summary>
    public ObjectRule Pruned(Func<int, int> costOf) => new ObjectRule(
        Array.FindAll(Properties, property => costOf(property.Value) < LexAutomaton.Never),
        Array.FindAll(Extras, extra => costOf(extra.Value) < LexAutomaton.Never),
        Min,
        Max).Measured(automaton!);

    /// <summary>Tokens, at most, from the end of the present property to the end of the object.</summary>
    public int RestCost(ObjectPlace place)
    {
        var (cost, _) = Rest(place);
        // There is no comma before the first.
        return (int)Math.Min(cost > 1 && place.IsStart ? cost - 1 : cost, LexAutomaton.Never);
    }

    /// <summary>How deep an object is that is ended by the shortest way: 1 where its values are no objects or arrays.</summary>
    public int RestDepth() => 1 + Rest(Start).Tags.Select(Depth).DefaultIfEmpty(0).Max();

    // What is to come at least, the cheapest there is, and what that costs.
    private (long Cost, List<int> Tags) Rest(ObjectPlace place)
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

        var lacking = Min - place.Count - tags.Count;
        return lacking <= 0 || cost >= LexAutomaton.Never ? (cost, tags)
            : lacking > MostLacking ? (LexAutomaton.Never, tags)
            : Filled(place, lacking, cost, tags);
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

    private void PutNearestFirst(List<int> tags, ObjectPlace place)
    {
        if (tags.Count < 2)
        {
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
