using System.Runtime.InteropServices;
using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>An array that one is in.</summary>
internal sealed class ArrayFrame : Frame
{
    private const int MostAfter = 32;

    private readonly Dictionary<string, ArrayFrame> after = [];
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
    public IEnumerable<(int Rule, ArrayFrame Frame)> Next()
    {
        // What is found out of the next item here is known there, too.
        var next = IsUnique && !lacksItem ? Starts : default;
        return IsUnique && !lacksItem && next is (null, null) ? []
            : Rule.Next(place).Select(item => (item.Rule, new ArrayFrame(Parent, Rule, item.Place, taken, lacksItem) { starts = starts }));
    }

    /// <summary>The array after an item.</summary>
    /// <param name="item">The item as <see cref="UniqueItems"/> takes it; null where it is not known.</param>
    public ArrayFrame After(string? item)
    {
        if (!IsUnique || item is null)
        {
            return IsUnique ? new ArrayFrame(Parent, Rule, place, taken, lacksItem: true) : this;
        }

        // Many tokens go on after the same item, and what may follow it is not found out for each of them.
        if (after.Count > MostAfter)
        {
            after.Clear();
        }

        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(after, item, out _);
        return known ??= new ArrayFrame(Parent, Rule, place, [.. taken, item], lacksItem);
    }

    protected override bool IsLike(Frame other) =>
        other is ArrayFrame array && array.Rule == Rule && array.place == place && array.lacksItem == lacksItem && array.taken.AsSpan().SequenceEqual(taken);

    protected override int OwnHash() => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Rule), place, taken.Length);

    // How deep it is matters only where its deepest items would be too deep.
    private static ArrayPlace Start(Frame? parent, ArrayRule rule)
    {
        var room = Room(parent);
        return room >= rule.Deepest ? ArrayPlace.Start : ArrayPlace.Start with { Room = room };
    }
}
