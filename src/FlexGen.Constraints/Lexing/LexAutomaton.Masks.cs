using System.Runtime.InteropServices;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

// Which tokens a state allows.
internal sealed partial class LexAutomaton
{
    /// <summary>Fewer tokens than these are kept as a list.</summary>
    private const int Few = 600;

    private LexMask MaskOf(LexState state)
    {
        var walk = new Walk(vocabulary);
        walk.Below(TokenTrie.Root, state);
        var ends = walk.Ends;
        return new LexMask(
            walk.Count > Few ? walk.Bits() : null,
            walk.Count > Few ? [] : walk.List(),
            new Lazy<int>(() => ends.Max(end => end.Cost)),
            walk.Exits(),
            state.AcceptTag);
    }

    /// <summary>A walk over the vocabulary, from one state.</summary>
    private sealed class Walk(VocabularyIndex vocabulary)
    {
        // A part of the vocabulary that is worth asking whether all of it leads back.
        private const int Large = 16;

        private readonly TokenTrie trie = vocabulary.Trie;
        private readonly List<int> inner = new(4096);
        private readonly List<(int Tag, int Node, bool IsClosed)> exits = [];
        private LexState? lastEnd;

        public HashSet<LexState> Ends { get; } = [];

        public int Count => inner.Count;

        public void Below(int node, LexState state)
        {
            for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
            {
                if (state.Next(trie.Labels[child]) is not { } next)
                {
                    continue;
                }

                if (next.AcceptTag >= 0)
                {
                    exits.Add((next.AcceptTag, child, next.IsClosed));
                }

                if (next.IsClosed)
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
                    Below(child, next);
                }
            }
        }

        public int[] List() => [.. inner];

        public uint[] Bits()
        {
            var bits = new uint[vocabulary.Words];
            TokenSet.Add(bits, CollectionsMarshal.AsSpan(inner));
            return bits;
        }

        public (int, TokenTrie)[] Exits() => [.. exits.GroupBy(exit => exit.Tag).Select(tagged => (tagged.Key, Suffixes(tagged))).Where(exit => exit.Item2.Tokens.Length > 0)];

        private void End(LexState state)
        {
            if (state != lastEnd)
            {
                Ends.Add(lastEnd = state);
            }
        }

        private TokenTrie Suffixes(IEnumerable<(int, int, bool)> nodes)
        {
            var suffixes = new List<(ReadOnlyMemory<byte>, int)>();
            foreach (var (_, node, isClosed) in nodes)
            {
                for (var below = isClosed ? node : node + 1; below < trie.End[node]; below++)
                {
                    foreach (var token in trie.At(below))
                    {
                        suffixes.Add((vocabulary.Tokens[token].AsMemory(trie.Depths[node]), token));
                    }
                }
            }

            return new TokenTrie(suffixes);
        }
    }
}
