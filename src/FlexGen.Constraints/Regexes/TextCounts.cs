namespace FlexGen.Constraints.Regexes;

/// <summary>How many texts languages have.</summary>
/// <param name="algebra">Steps through them.</param>
internal sealed class TextCounts(RegexAlgebra algebra)
{
    /// <summary>The most states that are looked at: beyond, it is said that there is no end of texts.</summary>
    private const int MostStates = 2000;

    private readonly Dictionary<RegexNode, long> known = [];

    /// <summary>The number of texts; <see cref="long.MaxValue"/> where there is no end of them, or none is seen.</summary>
    public long Of(RegexNode node)
    {
        if (known.TryGetValue(node, out var count))
        {
            // Where it is asked for while it is being found out, there is a circle.
            return count;
        }

        if (known.Count >= MostStates)
        {
            return long.MaxValue;
        }

        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        known[node] = long.MaxValue;
        UInt128 sum = node.IsNullable ? 1u : 0u;
        var steps = algebra.Steps(node);
        for (var i = 0; i < steps.Starts.Length && sum < long.MaxValue; i++)
        {
            var end = i + 1 < steps.Starts.Length ? steps.Starts[i + 1] : CodePointSet.Last + 1;
            var halves = Math.Max(0, Math.Min(end, CodePointSet.LastHalf + 1) - Math.Max(steps.Starts[i], CodePointSet.FirstHalf));
            var points = (UInt128)(end - steps.Starts[i] - halves);
            sum += steps.Targets[i].IsEmpty || points == 0 ? 0 : points * (UInt128)Of(steps.Targets[i]);
        }

        return known[node] = sum < long.MaxValue ? (long)sum : long.MaxValue;
    }
}
