using System.Runtime.InteropServices;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>A walk over the vocabulary from one state: finds the tokens that it allows. Used once.</summary>
/// <param name="vocabulary">The tokens.</param>
/// <param name="free">Of a JSON string, tokens that are allowed where anything is.</param>
internal sealed class LexWalk(VocabularyIndex vocabulary, FreeTokens? free)
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

    public LexMask Mask(LexState state)
    {
        if (free is not null && state.Form.Place == LexPlace.Body)
        {
            if (!TryAddFree(TokenTrie.Root, state))
            {
                Below(TokenTrie.Root, state, collectsExits: false);
            }

            Close(TokenTrie.Root, state);
        }
        else
        {
            ownSuffixes = new SuffixSet();
            Below(TokenTrie.Root, state, collectsExits: true);
        }

        var cost = new Lazy<int>(() => ends.Select(end => end.Cost).Concat(safeEnds.Select(end => end.SafeCost + Broken)).DefaultIfEmpty(0).Max());
        return new LexMask(vocabulary, CollectionsMarshal.AsSpan(inner), cost) { Exits = Exits(), RootTag = state.AcceptTag };
    }

    private void Below(int node, LexState state, bool collectsExits)
    {
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            if (state.Next(trie.Labels[child]) is not { } next)
            {
                continue;
            }

            if (next.AcceptTag >= 0 && collectsExits)
            {
                AddExits(child, next);
            }

            if (next.IsClosed || (!collectsExits && TryAddFree(child, next)))
            {
                continue;
            }

            var under = trie.Under(child);
            if (under.Length > Large && (trie.Below[child] & ~next.Loops) == 0)
            {
                inner.AddRange(under);
                End(next);
                continue;
            }

            var at = trie.At(child);
            if (at.Length > 0)
            {
                inner.AddRange(at);
                End(next);
            }

            if (at.Length < under.Length)
            {
                Below(child, next, collectsExits);
            }
        }
    }

    private bool TryAddFree(int node, LexState state)
    {
        if (state.Form.Place != LexPlace.Body || trie.Under(node).Length <= Large || state.SafeDepth < trie.Heights[node])
        {
            return false;
        }

        inner.AddRange(free!.Under(node));
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
