using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>Names without a rule of their own that an object has, none of which it may have again. It does not change.</summary>
/// <param name="names">The names.</param>
/// <param name="automaton">Where automata for them come from.</param>
internal sealed class TakenNames(string[] names, LexAutomaton automaton)
{
    // Of its own automaton, which goes with the object: what records bring is nothing to keep.
    private readonly Lazy<LexState?> start = new(() => names.Length == 0 ? null : automaton.Fresh().Start(algebra => [(0, algebra.Literals(names))],
        LexMode.Canonical));

    public string[] Names { get; } = names;

    /// <summary>The start of them all, after their first quote; null where there are none.</summary>
    public LexState? Start => start.Value;

    public TakenNames With(string name) => new([.. Names, name], automaton);
}
