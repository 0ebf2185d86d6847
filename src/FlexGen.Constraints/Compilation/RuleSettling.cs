using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Compilation;

/// <summary>Finds what each rule's shortest value costs, and takes away what has none.</summary>
internal sealed class RuleSettling
{
    private readonly List<RuleDraft> drafts;
    private readonly LexAutomaton automaton;
    private readonly (LexState? Text, LexState? Scalar)[] starts;
    private readonly int[] costs;
    private readonly int[] depths;

    /// <param name="drafts">What values may be.</param>
    /// <param name="automaton">Has the states of texts.</param>
    public RuleSettling(List<RuleDraft> drafts, LexAutomaton automaton)
    {
        this.automaton = automaton;
        this.drafts = drafts;
        starts = [.. drafts.Select(draft => (Start(draft.Text, ModeOf(draft.Text)), Start(draft.Scalar, LexMode.Raw)))];
        costs = [.. starts.Select(start => Math.Min(start.Text is null ? LexAutomaton.Never : 1 + start.Text.Cost, start.Scalar?.Cost ?? LexAutomaton.Never))];
        depths = new int[drafts.Count];
        drafts.ForEach(draft => draft.Objects.ForEach(rule => rule.Measured(automaton)));
        Settle();
        Rules = [.. drafts.Select((draft, i) => new ValueRule(
            starts[i].Text,
            starts[i].Scalar,
            [.. draft.Objects.Where(rule => CostOf(rule) < LexAutomaton.Never).Select(rule => rule.Pruned(CostOf).Priced(CostOf, DepthOf))],
            [.. draft.Arrays.Where(rule => CostOf(rule) < LexAutomaton.Never).Select(rule => rule.Priced(CostOf, DepthOf))],
            costs[i],
            depths[i]))];
    }

    public ValueRule[] Rules { get; }

    /// <summary>How texts of a language are written: those that are known as they are, without escapes that would only be longer.</summary>
    public static LexMode ModeOf(RegexNode text) => IsFinite(text) ? LexMode.Canonical : LexMode.Json;

    private static bool IsFinite(RegexNode node) => node.Kind switch
    {
        RegexKind.None or RegexKind.Empty => true,
        RegexKind.Set => node.Set!.Ranges is [var range] && range.First == range.Last,
        RegexKind.Concat or RegexKind.Or => Array.TrueForAll(node.Parts, IsFinite),
        _ => false,
    };

    private LexState? Start(RegexNode language, LexMode mode) =>
        language.IsEmpty ? null : automaton.Start(_ => [(0, language)], mode);

    private void Settle()
    {
        for (var isSettled = false; !isSettled;)
        {
            isSettled = true;
            // Rules mostly refer to later ones.
            for (var i = drafts.Count - 1; i >= 0; i--)
            {
                foreach (var rule in drafts[i].Objects)
                {
                    isSettled &= !Improve(i, CostOf(rule), () => rule.Priced(CostOf, DepthOf).RestDepth());
                }

                foreach (var rule in drafts[i].Arrays)
                {
                    isSettled &= !Improve(i, CostOf(rule), () => rule.Priced(CostOf, DepthOf).RestDepth());
                }
            }
        }
    }

    // A way that is shorter, and how deep it is.
    private bool Improve(int index, int cost, Func<int> depth)
    {
        if (cost >= LexAutomaton.Never || cost > costs[index])
        {
            return false;
        }

        var depthThere = costs[index] == cost ? Math.Min(depths[index], depth()) : depth();
        var isBetter = cost < costs[index] || depthThere < depths[index];
        (costs[index], depths[index]) = (cost, depthThere);
        return isBetter;
    }

    private int CostOf(int rule) => rule < 0 ? LexAutomaton.Never : costs[rule];

    private int DepthOf(int rule) => rule < 0 ? 0 : depths[rule];

    // With the bracket before it.
    private int CostOf(ObjectRule rule)
    {
        rule.Priced(CostOf, DepthOf);
        return rule.Properties.Count(property => property.IsRequired) > rule.Max ? LexAutomaton.Never
            : Math.Min(1 + rule.RestCost(rule.Start), LexAutomaton.Never);
    }

    private int CostOf(ArrayRule rule) => Math.Min(1 + rule.Priced(CostOf, DepthOf).RestCost(ArrayPlace.Start), LexAutomaton.Never);
}
