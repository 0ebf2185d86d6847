using FlexGen.Constraints.Grammar;

namespace FlexGen.Constraints.Running;

/// <summary>An array that one is in.</summary>
internal sealed class ArrayFrame : Frame
{
    private readonly JsonGrammar grammar;
    private readonly long count;
    private readonly long hits;

    /// <param name="parent">What is around it.</param>
    /// <param name="rule">What it may have.</param>
    /// <param name="grammar">Has the rules of items.</param>
    /// <param name="count">How many items it has, the present one too.</param>
    /// <param name="hits">How many of them are those that must be there.</param>
    public ArrayFrame(Frame? parent, ArrayRule rule, JsonGrammar grammar, long count, long hits)
        : base(parent, RestCost(rule, grammar, count, hits))
    {
        Rule = rule;
        this.grammar = grammar;
        this.count = count;
        this.hits = hits;
    }

    public ArrayRule Rule { get; }

    public bool MayEnd => count >= Rule.Min && (Rule.Hits is null || hits >= Rule.Hits.Min);

    /// <summary>The rules that the next item may have, each with the array that has it.</summary>
    public IEnumerable<(int Rule, ArrayFrame Frame)> Next()
    {
        if (count >= Rule.Max)
        {
            yield break;
        }

        var item = Rule.Item(count);
        if (IsPossible(item) && (Rule.Hits is null || Rule.Max == long.MaxValue || Rule.Max - count - 1 >= Rule.Hits.Min - hits))
        {
            yield return (item, With(hits));
        }

        if (Rule.Hits is { } wanted && hits < wanted.Max && IsPossible(wanted.Item(count)))
        {
            yield return (wanted.Item(count), With(hits + 1));
        }
    }

    protected override bool IsLike(Frame other) => other is ArrayFrame array && array.Rule == Rule && array.count == count && array.hits == hits;

    protected override int OwnHash() => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Rule), count, hits);

    private ArrayFrame With(long hitsThen)
    {
        // What makes no difference is not counted.
        var bound = Rule.Max < long.MaxValue ? Rule.Max : Math.Max(Rule.Min, Rule.Prefix.Length + 1);
        var most = Rule.Hits is null ? 0 : Rule.Hits.Max < long.MaxValue ? Rule.Hits.Max : Rule.Hits.Min;
        return new ArrayFrame(Parent, Rule, grammar, Math.Min(count + 1, bound), Math.Min(hitsThen, most));
    }

    private bool IsPossible(int rule) => rule >= 0 && grammar.Rules[rule].Cost < Lexing.LexAutomaton.Never;

    private static int RestCost(ArrayRule rule, JsonGrammar grammar, long count, long hits)
    {
        var missingHits = Math.Max(0, (rule.Hits?.Min ?? 0) - hits);
        var missing = Math.Max(rule.Min - count, missingHits);
        long cost = 1;
        for (long i = 0; i < missing; i++)
        {
            if (i >= missingHits && count + i >= rule.Prefix.Length)
            {
                cost += (missing - i) * (1L + grammar.Rules[rule.Rest].Cost);
                break;
            }

            cost += 1 + grammar.Rules[i < missingHits ? rule.Hits!.Item(count + i) : rule.Item(count + i)].Cost;
        }

        return (int)Math.Min(cost, Lexing.LexAutomaton.Never);
    }
}
