using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>What it costs to write a name that an object does not have, where what is written of it is the beginning of one that it has.</summary>
/// <param name="frame">The object.</param>
internal sealed class TakenCosts(ObjectFrame frame)
{
    // Letters first: a name that differs by one is mostly as good as any.
    private static readonly byte[] order = [.. "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8, .. Enumerable.Range(0, 256).Select(value => (byte)value)];

    private readonly Dictionary<(LexState, LexState), long> known = [];
    private long? most;

    /// <summary>Tokens, at most, from within a name to the end of the document.</summary>
    /// <param name="name">Where in the name one is.</param>
    /// <param name="taken">The same among the names that are taken; null where it is none of them.</param>
    public long Cost(LexState name, LexState? taken)
    {
        var tag = name.Chars.Parts[0].Tag;
        if (taken is null || !frame.IsExtra(tag))
        {
            return (long)name.Cost + frame.CostAfter(tag);
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
        if (taken is null || !frame.IsExtra(name.Chars.Parts[0].Tag))
        {
            return name.Nearest;
        }

        return name.Next((byte)'"') is { IsClosed: true } && taken.Next((byte)'"') is not { IsClosed: true } ? (byte)'"'
            : order.First(value => name.Next(value) is { IsClosed: false } next && 1 + Cost(next, taken.Next(value)) == Cost(name, taken));
    }

    /// <summary>The most of those, wherever in a taken name one is.</summary>
    public long Most => most ??= frame.Names is { } names && frame.Taken is { } taken ? MostFrom(names, taken) : 0;

    private long Find(LexState name, LexState taken)
    {
        if (name.Next((byte)'"') is { IsClosed: true } closed && taken.Next((byte)'"') is not { IsClosed: true })
        {
            return 1L + frame.CostAfter(closed.AcceptTag);
        }

        long best = LexAutomaton.Never;
        foreach (var value in order)
        {
            if (name.Next(value) is { IsClosed: false } next && taken.Next(value) is var after
                && (after is null || best == LexAutomaton.Never))
            {
                var cost = 1 + Cost(next, after);
                if (after is null && cost <= 1 + (long)name.Cost + frame.CostAfter(name.Chars.Parts[0].Tag))
                {
                    return cost;
                }

                best = Math.Min(best, cost);
            }
        }

        return best;
    }

    private long MostFrom(LexState name, LexState taken)
    {
        var cost = Cost(name, taken);
        for (var value = 0; value < 256; value++)
        {
            if (taken.Next((byte)value) is { IsClosed: false } after && name.Next((byte)value) is { IsClosed: false } next)
            {
                cost = Math.Max(cost, MostFrom(next, after));
            }
        }

        return cost;
    }
}
