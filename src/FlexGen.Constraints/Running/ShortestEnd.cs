using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Running;

/// <summary>The rest of a document, as short as may be, and its tokens. Used once.</summary>
/// <param name="stepper">Knows what follows.</param>
/// <param name="trie">The vocabulary.</param>
internal sealed class ShortestEnd(Stepper stepper, TokenTrie trie)
{
    /// <summary>Longer ends are not looked at.</summary>
    private const int Most = 1 << 14;

    private readonly List<Position> next = [];

    /// <summary>The fewest tokens that write it; none where it is too long.</summary>
    public List<int> Tokens(Position position)
    {
        var text = new List<byte>();
        for (var at = position; at is not null && !IsEnd(at); at = Step(at, text))
        {
            if (text.Count == Most)
            {
                return [];
            }
        }

        return Fewest(text);
    }

    private static bool IsEnd(Position position) =>
        position.Frame is null && (position.Kind == PositionKind.After || (position.Kind == PositionKind.Scalar && position.Lex!.AcceptTag >= 0));

    private Position? Step(Position position, List<byte> text)
    {
        Position? best = null;
        byte chosen = 0;
        foreach (var value in Candidates(position))
        {
            next.Clear();
            stepper.Advance(position, [value], next);
            foreach (var after in next)
            {
                if (best is null || stepper.Cost(after) < stepper.Cost(best))
                {
                    (best, chosen) = (after, value);
                }
            }
        }

        text.Add(chosen);
        return best;
    }

    private byte[] Candidates(Position position) => position.Kind switch
    {
        PositionKind.Scalar when position.Lex!.AcceptTag < 0 => [position.Lex.Nearest],
        PositionKind.Name => [((ObjectFrame)position.Frame!).TakenCosts.Nearest(position.Lex!, position.Taken)],
        PositionKind.Colon => ":"u8.ToArray(),
        PositionKind.After or PositionKind.Scalar => ",]}"u8.ToArray(),
        PositionKind.ObjectStart or PositionKind.NextName => "\"}"u8.ToArray(),
        PositionKind.ArrayStart => [.. "]\"{["u8, .. ((ArrayFrame)position.Frame!).Next().SelectMany(item => Scalar(item.Rule, item.Frame))],
        _ => [.. "\"{["u8, .. Scalar(position.Rule, position.Frame)],
    };

    private IEnumerable<byte> Scalar(int rule, Frame? frame) =>
        (frame is ArrayFrame { IsUnique: true } unique ? unique.Starts.Scalar : stepper.Grammar.Rules[rule].Scalar) is { AcceptTag: < 0 } scalar
            ? [scalar.Nearest] : [];

    private List<int> Fewest(List<byte> text)
    {
        var counts = new int[text.Count + 1];
        var first = new (int Token, int After)[text.Count];
        for (var from = text.Count - 1; from >= 0; from--)
        {
            counts[from] = LexAutomaton.Never;
            var node = TokenTrie.Root;
            for (var to = from; to < text.Count && (node = trie.Child(node, text[to])) >= 0; to++)
            {
                if (trie.At(node) is [var token, ..] && 1 + counts[to + 1] <= counts[from])
                {
                    (counts[from], first[from]) = (1 + counts[to + 1], (token, to + 1));
                }
            }
        }

        var tokens = new List<int>();
        for (var at = 0; at < text.Count && counts[0] < LexAutomaton.Never; at = first[at].After)
        {
            tokens.Add(first[at].Token);
        }

        return tokens;
    }
}
