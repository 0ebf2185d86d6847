using System.Runtime.InteropServices;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>A walk over the vocabulary from one state: finds the tokens that it allows. Used once.</summary>
/// <param name="vocabulary">The tokens.</param>
internal sealed class LexWalk(VocabularyIndex vocabulary)
{
    // A part of the vocabulary that is worth asking whether all of it leads back.
    private const int Large = 16;

    // What a code point or an escape that a token breaks off takes to be whole.
    private const int Broken = 12;

    private readonly TokenTrie trie = vocabulary.Trie;
    private readonly List<int> inner = new(1024);
    private readonly List<(int Tag, int Token, int Suffix)> exits = [];
    private readonly HashSet<LexState> ends = [];
    private readonly HashSet<LexState> safeEnds = [];
    private SuffixSet? ownSuffixes;
    private LexState? lastEnd;
    private FreeTokens? start;

    public LexMask Mask(LexState state)
    {
        if (state.Form is { Mode: not LexMode.Raw, Place: LexPlace.Body })
        {
            start = state.Safe;
            if (state.Most is { } most)
            {
                inner.AddRange(start!.Within(most));
                safeEnds.Add(state);
            }
            else if (!TryAddFree(TokenTrie.Root, state))
            {
                Below(TokenTrie.Root, state);
            }

            Close(TokenTrie.Root, state);
        }
        else
        {
            ownSuffixes = new SuffixSet();
            BelowWithExits(TokenTrie.Root, state);
        }

        var cost = new Lazy<int>(() => ends.Select(end => end.Cost).Concat(safeEnds.Select(end => end.SafeCost + Broken)).DefaultIfEmpty(0).Max());
        var distance = new Lazy<int>(() => ends.Select(end => end.Distance).Concat(safeEnds.Select(end => end.SafeDistance)).DefaultIfEmpty(0).Max());
        return new LexMask(vocabulary, CollectionsMarshal.AsSpan(inner), cost, distance) { Exits = Exits(), RootTag = state.AcceptTag };
    }

    private void Below(int node, LexState state)
    {
        var (labels, ends) = (trie.Labels, trie.End);
        var end = ends[node];
        for (var child = node + 1; child < end;)
        {
            var after = ends[child];
            if (state.Next(labels[child]) is { IsClosed: false } next)
            {
                if (after == child + 1)
                {
                    // A leaf is a token.
                    Add(trie.At(child), next);
                }
                else if (after - child <= Large || (!TryAddFree(child, next) && !TryLoop(child, state, next)))
                {
                    Add(trie.At(child), next);
                    Below(child, next);
                }
            }

            child = after;
        }
    }

    private void BelowWithExits(int node, LexState state)
    {
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            if (state.Next(trie.Labels[child]) is not { } next)
            {
                continue;
            }

            if (next.AcceptTag >= 0)
            {
                AddExits(child, next);
            }

            if (!next.IsClosed && !(trie.End[child] - child > Large && TryLoop(child, state, next)))
            {
                Add(trie.At(child), next);
                BelowWithExits(child, next);
            }
        }
    }

    private void Add(ReadOnlySpan<int> tokens, LexState next)
    {
        if (tokens.Length == 0)
        {
            return;
        }

        foreach (var token in tokens)
        {
            inner.Add(token);
        }

        End(next);
    }

    private bool TryLoop(int node, LexState state, LexState next)
    {
        if (next != state || (trie.Below[node] & ~next.Loops) != 0)
        {
            return false;
        }

        inner.AddRange(trie.Under(node));
        End(next);
        return true;
    }

    private bool TryAddFree(int node, LexState state)
    {
        // A simpler kind that is not any text counts from the start alone: what leads here must be of it, too.
        if (state.Safe is not { } free || state.SafeDepth < trie.Heights[node] || (free != start && !free.AreOfAnything))
        {
            return false;
        }

        inner.AddRange(free.Under(node));
        safeEnds.Add(state);
        return true;
    }

    // The tokens that end the text, seen from between two code points of a JSON string.
    private void Close(int node, LexState state)
    {
        var heads = vocabulary.Closing.Heads;
        for (var child = node + 1; child < heads.End[node]; child = heads.End[child])
        {
            switch (state.Next(heads.Labels[child]))
            {
                case { IsClosed: true } closed:
                    foreach (var token in heads.At(child))
                    {
                        exits.Add((closed.AcceptTag, token, vocabulary.Closing.SuffixOf(token)));
                    }

                    break;
                case { } next:
                    Close(child, next);
                    break;
            }
        }
    }

    private void AddExits(int node, LexState state)
    {
        for (var below = state.IsClosed ? node : node + 1; below < trie.End[node]; below++)
        {
            foreach (var token in trie.At(below))
            {
                exits.Add((state.AcceptTag, token, ownSuffixes!.NumberOf(vocabulary.Tokens[token].AsMemory(trie.Depths[node]))));
            }
        }
    }

    private LexExits[] Exits() => [.. exits.GroupBy(exit => exit.Tag).Select(tagged => new LexExits(
        tagged.Key, ownSuffixes ?? vocabulary.Closing.Suffixes, [.. tagged.Select(exit => exit.Token)], [.. tagged.Select(exit => exit.Suffix)]))];

    private void End(LexState state)
    {
        if (state != lastEnd)
        {
            ends.Add(lastEnd = state);
        }
    }
}
