using System.Text;
using System.Text.RegularExpressions;

namespace FlexGen.Demo.Tokenization;

/// <summary>
/// Learns byte-level BPE merges (Sennrich et al., arXiv 1508.07909) from texts cut into words as GPT-2 cuts them. Digits stay
/// single, and a space never merges with a capital: a name has the same tokens after a quote as after a space, so that
/// copying it is copying tokens.
/// </summary>
internal static partial class BpeTrainer
{
    private const int LongestToken = 12;

    /// <summary>The merges, most frequent pair first; ties go to the pair that sorts first.</summary>
    public static IReadOnlyList<(string Left, string Right)> Train(IEnumerable<string> texts, int mergeCount)
    {
        var words = CountWords(texts).OrderBy(w => w.Key, StringComparer.Ordinal)
            .Select(w => (Pieces: w.Key.Select(c => c.ToString()).ToArray(), Count: w.Value)).ToArray();
        var merges = new List<(string Left, string Right)>(mergeCount);
        while (merges.Count < mergeCount)
        {
            var pairs = CountPairs(words);
            if (pairs.Count == 0)
            {
                break;
            }

            var best = pairs.OrderByDescending(p => p.Value).ThenBy(p => p.Key.Left, StringComparer.Ordinal)
                .ThenBy(p => p.Key.Right, StringComparer.Ordinal).First().Key;
            merges.Add(best);
            foreach (ref var word in words.AsSpan())
            {
                word.Pieces = Merge(word.Pieces, best);
            }
        }

        return merges;
    }

    private static Dictionary<string, int> CountWords(IEnumerable<string> texts)
    {
        var counts = new Dictionary<string, int>();
        foreach (var text in texts)
        {
            foreach (var match in Gpt2Words().EnumerateMatches(text))
            {
                var bytes = Encoding.UTF8.GetBytes(text[match.Index..(match.Index + match.Length)]);
                var word = string.Concat(bytes.Select(b => ByteAlphabet.Characters[b]));
                counts[word] = counts.GetValueOrDefault(word) + 1;
            }
        }

        return counts;
    }

    private static Dictionary<(string Left, string Right), int> CountPairs((string[] Pieces, int Count)[] words)
    {
        var pairs = new Dictionary<(string Left, string Right), int>();
        foreach (var (pieces, count) in words)
        {
            for (var i = 1; i < pieces.Length; i++)
            {
                if (MayMerge(pieces[i - 1], pieces[i]))
                {
                    var pair = (pieces[i - 1], pieces[i]);
                    pairs[pair] = pairs.GetValueOrDefault(pair) + count;
                }
            }
        }

        return pairs;
    }

    private static bool MayMerge(string left, string right) =>
        left.Length + right.Length <= LongestToken
        && !left.Any(char.IsAsciiDigit) && !right.Any(char.IsAsciiDigit)
        && (left[0] != ByteAlphabet.Space || left.Length > 1 || char.IsAsciiLetterLower(right[0]) || char.IsPunctuation(right[0]));

    private static string[] Merge(string[] pieces, (string Left, string Right) pair)
    {
        if (!pieces.AsSpan().Contains(pair.Left))
        {
            return pieces;
        }

        var merged = new List<string>(pieces.Length);
        for (var i = 0; i < pieces.Length; i++)
        {
            var both = i + 1 < pieces.Length && pieces[i] == pair.Left && pieces[i + 1] == pair.Right;
            merged.Add(both ? pieces[i] + pieces[++i] : pieces[i]);
        }

        return [.. merged];
    }

    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2Words();
}
