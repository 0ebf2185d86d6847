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
    private readonly ObjectHit? hit;
    private readonly int[] costs;
    private LexState? names;
    private TakenCosts? takenCosts;

    /// <param name="parent">What is around it.</param>
    /// <param name="rule">What it may have.</param>
    /// <param name="grammar">Has the rules of values.</param>
    public ObjectFrame(Frame? parent, ObjectRule rule, JsonGrammar grammar)
        : this(parent, rule, grammar, Start(parent, rule), new TakenNames([], grammar.Automaton), false)
    {
    }

    private ObjectFrame(
        Frame? parent, ObjectRule rule, JsonGrammar grammar, ObjectPlace place, TakenNames taken, bool lacksName, ObjectHit? hit = null)
        : base(parent, rule.RestCost(place))
    {
        Rule = rule;
        this.grammar = grammar;
        this.place = place;
        this.taken = taken;
        this.lacksName = lacksName;
        this.hit = hit;
        costs = new int[rule.TagOf(rule.Properties.Length, hit)];
    }

    public ObjectRule Rule { get; }

    public bool MayEnd => Rule.MayEnd(place);

    /// <summary>The start of the names that may be next; null where there is none.</summary>
    public LexState? Names => names ??= Rule.Names(place, taken.Names, grammar.Automaton, hit);

    /// <summary>The object where the next property is one of those that it must have yet, for each kind of these.</summary>
    public IEnumerable<ObjectFrame> Owing => Rule.Hits.Where(each => hit is null && (each.Owed & ~place.Owed) == 0)
        .Select(each => new ObjectFrame(Parent, Rule, grammar, place, taken, lacksName, each));

    /// <summary>It may have another property.</summary>
    public bool MayGoOn => Names is not null || Owing.Any(owing => owing.Names is not null);

    /// <summary>The start of names that it has and may not have again; null where there is none.</summary>
    public LexState? Taken => taken.Start;

    /// <summary>What it costs to write another name than those.</summary>
    public TakenCosts TakenCosts => takenCosts ??= new TakenCosts(IsExtra, CostAfter);

    /// <summary>It has a property whose name is not known here, and may have more of its kind: whether a name is taken cannot be said.</summary>
    public bool IsUnsure => lacksName && Rule.Extras.Length > 0;

    /// <summary>The rule of the value that a name has.</summary>
    public int Value(int tag) => Rule.Value(tag, hit);

    public bool IsExtra(int tag) => tag < Rule.ExtrasOf(hit).Length;

    /// <summary>The object with one property more.</summary>
    /// <param name="tag">The tag of its name.</param>
    /// <param name="name">Its name, where it has no rule of its own; null where it is not known.</param>
    public ObjectFrame With(int tag, string? name)
    {
        var isExtra = IsExtra(tag);
        return new ObjectFrame(
            Parent, Rule, grammar, Rule.After(place, tag, hit), isExtra && name is not null ? taken.With(name) : taken, lacksName || (isExtra && name is null));
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
    public int MostCostAfter => Rule.Next(place, hit).Max(CostAfter);

    protected override bool IsLike(Frame other) =>
        other is ObjectFrame frame && frame.Rule == Rule && frame.place == place && frame.hit == hit && frame.lacksName == lacksName
        && frame.taken.Names.AsSpan().SequenceEqual(taken.Names);

    protected override int OwnHash() => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Rule), place, taken.Names.Length);

    // How deep it is matters only where its deepest values would be too deep.
    private static ObjectPlace Start(Frame? parent, ObjectRule rule)
    {
        var room = Room(parent);
        return room >= rule.Deepest ? rule.Start : rule.Start with { Room = room };
    }
}
