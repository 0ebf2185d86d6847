using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Running;

/// <summary>Finds the tokens that a position allows. Used once.</summary>
/// <param name="stepper">Knows what follows.</param>
/// <param name="vocabulary">The tokens.</param>
internal sealed class MaskMaker(Stepper stepper, VocabularyIndex vocabulary)
{
    // A part of the vocabulary that is worth asking whether all of it leads back.
    private const int Large = 16;

    private readonly Dictionary<int, int> costs = [];
    private readonly List<int> unsure = [];

    public PositionMask Make(Position position)
    {
        if (position.Lex is null)
        {
            Below(vocabulary.Trie, TokenTrie.Root, position);
            return Result(null);
        }

        var text = position.Lex.Mask;
        foreach (var exit in text.Exits)
        {
            AddExits(exit, Stepper.AfterText(position, exit.Tag, null));
        }

        if (text.RootTag >= 0 && position.Frame is not null)
        {
            Below(vocabulary.Trie, TokenTrie.Root, Stepper.AfterText(position, text.RootTag, null));
        }

        if (position.Taken is not null)
        {
            RemoveTaken(TokenTrie.Root, position.Taken);
        }

        return Result(text);
    }

    /// <summary>Adds the tokens that end in the text that a position is in, as far as the way from there is no longer than some tokens.</summary>
    public static void AddInner(Position position, TokenTrie trie, long limit, Span<uint> mask) =>
        LookInner(position, trie, TokenTrie.Root, position.Lex!, position.Taken, limit, mask);

    /// <summary>The least way to the end of the document after a token that ends in the text that a position is in.</summary>
    public static long LeastInner(Position position, TokenTrie trie) =>
        LookInner(position, trie, TokenTrie.Root, position.Lex!, position.Taken, long.MaxValue, []);

    private static long LookInner(Position position, TokenTrie trie, int node, LexState lex, LexState? taken, long limit, Span<uint> mask)
    {
        var least = long.MaxValue;
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            if (lex.Next(trie.Labels[child]) is not { IsClosed: false } next)
            {
                continue;
            }

            var at = trie.At(child);
            var takenNext = taken?.Next(trie.Labels[child]);
            if (at.Length > 0)
            {
                var cost = CostWithin(position, next, takenNext);
                least = Math.Min(least, cost);
                if (cost <= limit && mask.Length > 0)
                {
                    TokenSet.Add(mask, at);
                }
            }

            if (at.Length < trie.Under(child).Length)
            {
                least = Math.Min(least, LookInner(position, trie, child, next, takenNext, limit, mask));
            }
        }

        return least;
    }

    private void AddExits(LexExits exits, Position after)
    {
        var suffixes = new MaskMaker(stepper, vocabulary);
        suffixes.Add(exits.Suffixes.Trie.At(TokenTrie.Root), after);
        suffixes.Below(exits.Suffixes.Trie, TokenTrie.Root, after);
        var known = new int[exits.Suffixes.Count];
        foreach (var (suffix, cost) in suffixes.costs)
        {
            known[suffix] = cost + 1;
        }

        foreach (var suffix in suffixes.unsure)
        {
            known[suffix] = -1;
        }

        for (var i = 0; i < exits.Tokens.Length; i++)
        {
            switch (known[exits.SuffixOf[i]])
            {
                case < 0:
                    unsure.Add(exits.Tokens[i]);
                    break;
                case > 0 and var cost:
                    Add([exits.Tokens[i]], cost - 1);
                    break;
            }
        }
    }

    private PositionMask Result(LexMask? text) =>
        new(text, [.. costs.Keys], [.. costs.Values], costs.Count == 0 ? 0 : costs.Values.Max(), [.. unsure.Distinct()]);

    private static int CostWithin(Position position, LexState lex, LexState? taken) => position.Kind == PositionKind.Name
        ? (int)Math.Min(((ObjectFrame)position.Frame!).TakenCosts.Cost(lex, taken), LexAutomaton.Never)
        : lex.Cost + (position.Frame?.Cost ?? 0);

    private void Add(ReadOnlySpan<int> tokens, Position after)
    {
        if (tokens.Length > 0)
        {
            Add(tokens, stepper.Cost(after));
        }
    }

    // Where several readings have a token, the shortest way is what counts.
    private void Add(ReadOnlySpan<int> tokens, int cost)
    {
        foreach (var token in tokens)
        {
            ref var known = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(costs, token, out var isKnown);
            known = isKnown ? Math.Min(known, cost) : cost;
        }
    }

    private void Below(TokenTrie trie, int node, Position position)
    {
        var next = new List<Position>();
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            next.Clear();
            stepper.Step(position, trie.Labels[child], next);
            foreach (var after in next)
            {
                if (after.Kind == PositionKind.Unsure)
                {
                    unsure.AddRange(trie.Under(child));
                    continue;
                }

                Add(trie.At(child), after);
                if (after.Lex is null)
                {
                    Below(trie, child, after);
                    continue;
                }

                if (after.Lex.AcceptTag >= 0)
                {
                    Below(trie, child, Stepper.AfterText(after, after.Lex.AcceptTag, null));
                }

                Within(trie, child, after, after.Lex, after.Taken);
            }
        }
    }

    private void Within(TokenTrie trie, int node, Position position, LexState lex, LexState? taken)
    {
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            var value = trie.Labels[child];
            if (lex.Next(value) is not { } next)
            {
                continue;
            }

            var takenNext = taken?.Next(value);
            if (next.IsClosed)
            {
                if (takenNext is not { IsClosed: true })
                {
                    var after = Stepper.AfterText(position, next.AcceptTag, null);
                    Add(trie.At(child), after);
                    Below(trie, child, after);
                }

                continue;
            }

            var under = trie.Under(child);
            if (takenNext is null && next == lex && under.Length > Large && (trie.Below[child] & ~next.Loops) == 0)
            {
                Add(under, CostWithin(position, next, null));
                continue;
            }

            var at = trie.At(child);
            if (at.Length > 0)
            {
                Add(at, CostWithin(position, next, takenNext));
            }

            if (next.AcceptTag >= 0)
            {
                Below(trie, child, Stepper.AfterText(position, next.AcceptTag, null));
            }

            if (at.Length < under.Length)
            {
                Within(trie, child, position, next, takenNext);
            }
        }
    }

    // Tokens that end a name which the object has.
    private void RemoveTaken(int node, LexState taken)
    {
        var trie = vocabulary.Trie;
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            switch (taken.Next(trie.Labels[child]))
            {
                case { IsClosed: true }:
                    foreach (var token in trie.Under(child))
                    {
                        costs.Remove(token);
                    }

                    break;
                case { } next:
                    RemoveTaken(child, next);
                    break;
            }
        }
    }
}
