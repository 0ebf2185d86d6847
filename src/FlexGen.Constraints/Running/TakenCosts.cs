using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>What it costs to write a name that an object does not have, where what is written of it is the beginning of one that it has.</summary>
/// <param name="isExtra">Says of a name's tag whether names of its kind may be taken.</param>
/// <param name="costAfter">Tokens, at most, from the end of such a name to the end of the document.</param>
internal sealed class TakenCosts(Func<int, bool> isExtra, Func<int, int> costAfter)
{
    // Letters first: a name that differs by one is mostly as good as any.
    private static readonly byte[] order =
        [.. "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8, .. Enumerable.Range(0, 256).Select(value => (byte)value)];

    private readonly Dictionary<(LexState, LexState), long> known = [];
    private long? most;

    /// <summary>Tokens, at most, from within a name to the end of the document.</summary>
    /// <param name="name">Where in the name one is.</param>
    /// <param name="taken">The same among the names that are taken; null where it is none of them.</param>
    public long Cost(LexState name, LexState? taken)
    {
        var tag = name.Chars.Parts[0].Tag;
        if (taken is null || !isExtra(tag))
        {
            return (long)name.Cost + costAfter(tag);
        }

        if (!known.TryGetValue((name, taken), out var cost))
        {
            known[(name, taken)] = cost = Find(name, taken);
        }

        return cost;
    }

    /// <summary>The next byte of the name that this is the cost of.</summary>
    public byte Nearest(LexState name, LexState? taken)
    {
        if (taken is null || !isExtra(name.Chars.Parts[0].Tag))
        {
            return name.Nearest;
        }

        return name.Next((byte)'"') is { IsClosed: true } && taken.Next((byte)'"') is not { IsClosed: true } ? (byte)'"'
            : order.First(value => name.Next(value) is { IsClosed: false } next && 1 + Cost(next, taken.Next(value)) == Cost(name, taken));
    }

    /// <summary>The most of those, wherever in a taken name one is.</summary>
    /// <param name="names">The start of all names that may be next.</param>
    /// <param name="takenNames">The start of those that are taken.</param>
    public long Most(LexState names, LexState takenNames) => most ??= FindMost(names, takenNames);

    private long Find(LexState name, LexState taken)
    {
        if (name.Next((byte)'"') is { IsClosed: true } closed && taken.Next((byte)'"') is not { IsClosed: true })
        {
            return 1L + costAfter(closed.AcceptTag);
        }

        // A byte that leads away from all of them, or where there is none one that does not yet.
        var enough = 1 + (long)name.Cost + costAfter(name.Chars.Parts[0].Tag);
        long best = LexAutomaton.Never;
        foreach (var value in order)
        {
            if (name.Next(value) is { IsClosed: false } next && taken.Next(value) is null)
            {
                best = Math.Min(best, 1 + Cost(next, null));
                if (best <= enough)
                {
                    return best;
                }
            }
        }

        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return best < LexAutomaton.Never ? best
            : order.Select(value => (Name: name.Next(value), Taken: taken.Next(value))).Where(next => next is { Name.IsClosed: false, Taken.IsClosed: false })
                .Select(next => 1 + Cost(next.Name!, next.Taken)).DefaultIfEmpty(LexAutomaton.Never).Min();
    }

    // There are several ways to write a name, which meet after each character.
    private long FindMost(LexState names, LexState takenNames)
    {
        long cost = 0;
        var seen = new HashSet<(LexState, LexState)>();
        var left = new Stack<(LexState Name, LexState Taken)>([(names, takenNames)]);
        while (left.TryPop(out var at))
        {
            cost = Math.Max(cost, Cost(at.Name, at.Taken));
            for (var value = 0; value < 256; value++)
            {
                if (at.Taken.Next((byte)value) is { IsClosed: false } after && at.Name.Next((byte)value) is { IsClosed: false } next && seen.Add((next, after)))
                {
                    left.Push((next, after));
                }
            }
        }

        return cost;
    }
}
