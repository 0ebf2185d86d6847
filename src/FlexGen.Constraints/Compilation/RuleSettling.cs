using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Compilation;

/// <summary>Finds what each rule's shortest value costs, and takes away what has none.</summary>
internal sealed class RuleSettling
{
    private readonly List<RuleDraft> drafts;
    private readonly LexAutomaton automaton;
    private readonly RegexAlgebra algebra;
    private readonly (LexState? Text, LexState? Scalar)[] starts;
    private readonly int[] costs;

    public RuleSettling(List<RuleDraft> drafts, LexAutomaton automaton, RegexAlgebra algebra)
    {
        this.drafts = drafts;
        this.automaton = automaton;
        this.algebra = algebra;
        starts = [.. drafts.Select(draft => (Start(draft.Text, IsFinite(draft.Text) ? LexMode.Canonical : LexMode.Json), Start(draft.Scalar, LexMode.Raw)))];
        costs = [.. starts.Select(start => Math.Min(start.Text is null ? LexAutomaton.Never : 1 + start.Text.Cost, start.Scalar?.Cost ?? LexAutomaton.Never))];
        Settle();
        Rules = [.. drafts.Select((draft, i) => new ValueRule(
            starts[i].Text,
            starts[i].Scalar,
            [.. draft.Objects.Where(rule => CostOf(rule) < LexAutomaton.Never).Select(Pruned)],
            [.. draft.Arrays.Where(rule => CostOf(rule) < LexAutomaton.Never).Select(Pruned)],
            costs[i]))];
    }

    public ValueRule[] Rules { get; }

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
            for (var i = 0; i < drafts.Count; i++)
            {
                var cost = drafts[i].Objects.Select(CostOf).Concat(drafts[i].Arrays.Select(CostOf)).Append(costs[i]).Min();
                isSettled &= cost == costs[i];
                costs[i] = cost;
            }
        }
    }

    private int CostOf(int rule) => rule < 0 ? LexAutomaton.Never : costs[rule];

    private int CostOf(ObjectRule rule)
    {
        long cost = 2;
        long count = 0;
        long dearest = 0;
        for (var i = 0; i < rule.Properties.Length; i++)
        {
            var value = CostOf(rule.Properties[i].Value);
            if (rule.Properties[i].IsRequired)
            {
                cost += value == LexAutomaton.Never ? value : 3L + rule.NameCost(rule.TagOf(i), automaton) + value;
                count++;
            }
            else if (value < LexAutomaton.Never && rule.Min > 0)
            {
                dearest = Math.Max(dearest, 3L + rule.NameCost(rule.TagOf(i), automaton) + value);
            }
        }

        if (rule.Min > count)
        {
            var optional = rule.Properties.Count(property => !property.IsRequired && CostOf(property.Value) < LexAutomaton.Never);
            var extras = rule.Extras.Index().Where(extra => CostOf(extra.Item.Value) < LexAutomaton.Never).ToList();
            var isReachable = extras.Count > 0 || count + optional >= rule.Min;
            dearest = extras.Select(extra => 3L + rule.NameCost(extra.Index, automaton) + costs[extra.Item.Value]).Append(dearest).Max();
            cost = isReachable ? cost + (rule.Min - count) * dearest : LexAutomaton.Never;
        }

        return count > rule.Max ? LexAutomaton.Never : (int)Math.Min(cost, LexAutomaton.Never);
    }

    private int CostOf(ArrayRule rule)
    {
        var (min, max) = (rule.Min, MaxOf(rule));
        var hits = rule.Hits?.Min ?? 0;
        if (min > max || hits > max)
        {
            return LexAutomaton.Never;
        }

        long cost = 2;
        for (long i = 0; i < Math.Max(min, hits); i++)
        {
            if (i >= hits && i >= rule.Prefix.Length)
            {
                cost += (min - i) * (1L + CostOf(rule.Rest));
                break;
            }

            cost += 1 + CostOf(i < hits ? rule.Hits!.Item(i) : rule.Item(i));
        }

        return (int)Math.Min(cost, LexAutomaton.Never);
    }

    // An item that nothing can be ends the array before it.
    private long MaxOf(ArrayRule rule)
    {
        for (var i = 0; i <= rule.Prefix.Length; i++)
        {
            if (i >= rule.Max || CostOf(rule.Item(i)) == LexAutomaton.Never && (rule.Hits is null || CostOf(rule.Hits.Item(i)) == LexAutomaton.Never))
            {
                return Math.Min(i, rule.Max);
            }
        }

        return rule.Max;
    }

    private ArrayRule Pruned(ArrayRule rule) => rule with { Max = MaxOf(rule) };

    private ObjectRule Pruned(ObjectRule rule) => new(
        Array.FindAll(rule.Properties, property => CostOf(property.Value) < LexAutomaton.Never),
        Array.FindAll(rule.Extras, extra => CostOf(extra.Value) < LexAutomaton.Never),
        rule.Min,
        rule.Max);
}
