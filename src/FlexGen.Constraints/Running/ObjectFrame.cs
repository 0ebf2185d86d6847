using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>An object that one is in.</summary>
internal sealed class ObjectFrame : Frame
{
    private readonly JsonGrammar grammar;
    private readonly ObjectPlace place;
    private readonly TakenNames taken;
    private readonly bool lacksName;
    private readonly int[] costs;
    private LexState? names;

    /// <param name="parent">What is around it.</param>
    /// <param name="rule">What it may have.</param>
    /// <param name="grammar">Has the rules of values.</param>
    public ObjectFrame(Frame? parent, ObjectRule rule, JsonGrammar grammar)
        : this(parent, rule, grammar, new ObjectPlace(NameSet.None(rule.Properties.Length), false, 0), new TakenNames([], grammar.Automaton), false)
    {
    }

    private ObjectFrame(Frame? parent, ObjectRule rule, JsonGrammar grammar, ObjectPlace place, TakenNames taken, bool lacksName)
        : base(parent, RestCost(rule, grammar, place))
    {
        Rule = rule;
        this.grammar = grammar;
        this.place = place;
        this.taken = taken;
        this.lacksName = lacksName;
        costs = new int[rule.Extras.Length + rule.Properties.Length];
    }

    public ObjectRule Rule { get; }

    public bool MayEnd => Rule.MayEnd(place);

    /// <summary>The start of the names that may be next; null where there is none.</summary>
    public LexState? Names => names ??= Rule.Names(place, taken.Names, grammar.Automaton);

    /// <summary>The start of names that it has and may not have again; null where there is none.</summary>
    public LexState? Taken => taken.Start;

    /// <summary>It has a property whose name is not known here, and may have more of its kind: whether a name is taken cannot be said.</summary>
    public bool IsUnsure => lacksName && Rule.Extras.Length > 0;

    /// <summary>The rule of the value that a name has.</summary>
    public int Value(int tag) => IsExtra(tag) ? Rule.Extras[tag].Value : Rule.Properties[tag - Rule.Extras.Length].Value;

    public bool IsExtra(int tag) => tag < Rule.Extras.Length;

    /// <summary>The object with one property more.</summary>
    /// <param name="tag">The tag of its name.</param>
    /// <param name="name">Its name, where it has no rule of its own; null where it is not known.</param>
    public ObjectFrame With(int tag, string? name)
    {
        var isExtra = IsExtra(tag);
        var counts = Rule.Min > 0 || Rule.Max < long.MaxValue;
        var then = new ObjectPlace(
            isExtra ? place.Used : place.Used.With(tag - Rule.Extras.Length), place.HasExtra || isExtra, counts ? place.Count + 1 : 0);
        return new ObjectFrame(
            Parent, Rule, grammar, then, isExtra && name is not null ? taken.With(name) : taken, lacksName || (isExtra && name is null));
    }

    /// <summary>Tokens, at most, from the end of a name to the end of the document.</summary>
    public int CostAfter(int tag)
    {
        if (costs[tag] == 0)
        {
            costs[tag] = (int)Math.Min(1L + grammar.Rules[Value(tag)].Cost + With(tag, null).Cost, LexAutomaton.Never);
        }

        return costs[tag];
    }

    /// <summary>The most of those.</summary>
    public int MostCostAfter => Rule.Next(place).Max(CostAfter);

    protected override bool IsLike(Frame other) =>
        other is ObjectFrame frame && frame.Rule == Rule && frame.place == place && frame.lacksName == lacksName
        && frame.taken.Names.AsSpan().SequenceEqual(taken.Names);

    protected override int OwnHash() => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Rule), place, taken.Names.Length);

    private static int RestCost(ObjectRule rule, JsonGrammar grammar, ObjectPlace place)
    {
        long cost = 1;
        if (rule.Min == 0)
        {
            for (var i = 0; i < rule.Properties.Length; i++)
            {
                cost += rule.Properties[i].IsRequired && !place.Used.Contains(i) ? PropertyCost(rule, grammar, rule.TagOf(i)) : 0;
            }

            return (int)Math.Min(cost, LexAutomaton.Never);
        }

        while (!rule.MayEnd(place) && cost < LexAutomaton.Never && rule.Next(place) is [var tag, ..])
        {
            cost += PropertyCost(rule, grammar, tag);
            place = new ObjectPlace(
                tag < rule.Extras.Length ? place.Used : place.Used.With(tag - rule.Extras.Length), place.HasExtra || tag < rule.Extras.Length, place.Count + 1);
        }

        return (int)Math.Min(cost, LexAutomaton.Never);
    }

    // A comma, a quote, the name, a colon and the value.
    private static int PropertyCost(ObjectRule rule, JsonGrammar grammar, int tag) =>
        3 + rule.NameCost(tag, grammar.Automaton) + grammar.Rules[tag < rule.Extras.Length ? rule.Extras[tag].Value
            : rule.Properties[tag - rule.Extras.Length].Value].Cost;
}
