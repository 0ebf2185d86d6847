using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>An array that one is in.</summary>
internal sealed class ArrayFrame : Frame
{
    private readonly ArrayPlace place;
    private readonly string[] taken;
    private readonly bool lacksItem;
    private (LexState? Text, LexState? Scalar)? starts;

    /// <param name="parent">What is around it.</param>
    /// <param name="rule">What it may have.</param>
    public ArrayFrame(Frame? parent, ArrayRule rule)
        : this(parent, rule, Start(parent, rule), [], false)
    {
    }

    private ArrayFrame(Frame? parent, ArrayRule rule, ArrayPlace place, string[] taken, bool lacksItem)
        : base(parent, rule.RestCost(place))
    {
        Rule = rule;
        this.place = place;
        this.taken = taken;
        this.lacksItem = lacksItem;
    }

    public ArrayRule Rule { get; }

    public bool MayEnd => Rule.MayEnd(place);

    /// <summary>Its items must differ.</summary>
    public bool IsUnique => Rule.Unique is not null;

    /// <summary>It has an item that is not known here, and of which there may be no other.</summary>
    public bool IsUnsure => lacksItem;

    /// <summary>Where its items must differ, the starts of those that it does not have.</summary>
    public (LexState? Text, LexState? Scalar) Starts => starts ??= Rule.Unique!.Starts(taken);

    /// <summary>Tokens, at most, of one of those.</summary>
    public int StartCost => Math.Min(Starts.Text is { } text ? 1 + text.Cost : LexAutomaton.Never, Starts.Scalar?.Cost ?? LexAutomaton.Never);

    /// <summary>The rules that the next item may have, each with the array that has it.</summary>
    public IEnumerable<(int Rule, ArrayFrame Frame)> Next() => IsUnique && !lacksItem && taken.Length > 0 && Starts is (null, null) ? []
        : Rule.Next(place).Select(next => (next.Rule, new ArrayFrame(Parent, Rule, next.Place, taken, lacksItem) { starts = starts }));

    /// <summary>The array after an item.</summary>
    /// <param name="item">The item as <see cref="UniqueItems"/> takes it; null where it is not known.</param>
    public ArrayFrame After(string? item) => !IsUnique ? this
        : new ArrayFrame(Parent, Rule, place, item is null ? taken : [.. taken, item], lacksItem || item is null);

    protected override bool IsLike(Frame other) =>
        other is ArrayFrame array && array.Rule == Rule && array.place == place && array.lacksItem == lacksItem && array.taken.AsSpan().SequenceEqual(taken);

    protected override int OwnHash() => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Rule), place, taken.Length);

    // How deep it is matters only where its deepest items would be too deep.
    private static ArrayPlace Start(Frame? parent, ArrayRule rule)
    {
        var room = JsonGrammar.MostDepth - (parent?.Depth ?? 0) - 1;
        return room >= rule.Deepest ? ArrayPlace.Start : ArrayPlace.Start with { Room = room };
    }
}
