using System.Numerics;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Lexing;

/// <summary>What texts of a language cost of which none may be there twice: one after the other, those that are soon written first. Thread-safe.</summary>
/// <param name="automaton">Walks.</param>
/// <param name="mode">How they are written.</param>
/// <param name="rest">The texts that are left when there are some already.</param>
internal sealed class DistinctTexts(LexAutomaton automaton, LexMode mode, Func<RegexAlgebra, IReadOnlyList<string>, RegexNode> rest)
{
    /// <summary>More are not looked for, but guessed.</summary>
    private const int Most = 64;

    private readonly Lock gate = new();
    private readonly List<string> texts = [];
    private readonly List<int> costs = [];
    private bool isEnd;

    /// <summary>Names of a language.</summary>
    public static DistinctTexts OfNames(LexAutomaton automaton, RegexNode names) =>
        new(automaton, LexMode.Canonical, (algebra, texts) => algebra.And(algebra.Import(names), algebra.Not(algebra.Literals(texts))));

    /// <summary>
    /// Tokens, at most, of the text that costs least, where so many are there; <see cref="LexAutomaton.Never"/> where there are no more.
    /// </summary>
    public int Cost(long index)
    {
        lock (gate)
        {
            while (!isEnd && costs.Count <= Math.Min(index, Most))
            {
                if (automaton.Fresh().Shortest(algebra => rest(algebra, texts), mode) is not var (text, cost))
                {
                    isEnd = true;
                    break;
                }

                texts.Add(text);
                costs.Add(Math.Max(cost, costs.LastOrDefault()));
            }

            return index < costs.Count ? costs[(int)index]
                : isEnd ? LexAutomaton.Never
                : costs[^1] + 2 + BitOperations.Log2((ulong)index / Most);
        }
    }
}
