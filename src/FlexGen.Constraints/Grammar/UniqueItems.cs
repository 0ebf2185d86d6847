using System.Text.Json;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Numbers;
using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Grammar;

/// <summary>Items of which no array has the same twice: texts, numbers and words. Thread-safe.</summary>
internal sealed class UniqueItems
{
    private readonly LexAutomaton automaton;
    private readonly LexMode mode;
    private readonly RegexNode text;
    private readonly RegexNode scalar;
    private readonly bool isPlain;
    private readonly DistinctTexts texts;
    private readonly DistinctTexts scalars;
    private readonly Lazy<(LexState? Text, LexState? Scalar)> first;
    private readonly Lock gate = new();
    private readonly List<int> costs = [];
    private int ofTexts;

    /// <param name="automaton">Has the states.</param>
    /// <param name="text">Texts.</param>
    /// <param name="mode">How they are written.</param>
    /// <param name="scalar">Numbers and words.</param>
    /// <param name="algebra">Made them.</param>
    public UniqueItems(LexAutomaton automaton, RegexNode text, LexMode mode, RegexNode scalar, RegexAlgebra algebra)
    {
        // Of whole numbers, written plainly, each is written in one way; so are words.
        var digits = algebra.Loop(algebra.Set(CodePointSet.Of([('0', '9'), ('+', '+'), ('-', '-')])), 1, RegexAlgebra.Endless);
        var mark = algebra.Set(CodePointSet.Of([('.', '.'), ('E', 'E'), ('e', 'e')]));
        isPlain = !algebra.IsAlive(algebra.And(scalar, algebra.Concat(algebra.Any, mark, digits)));
        this.automaton = automaton;
        this.mode = mode;
        this.text = text;
        this.scalar = scalar;
        first = new(() => Find([]));
        texts = new DistinctTexts(automaton, mode, TextsWithout);
        scalars = new DistinctTexts(automaton, LexMode.Raw, ScalarsWithout);
    }

    /// <summary>Tokens, at most, of the item of that number that costs least, where one less is there.</summary>
    public int Cost(long index)
    {
        lock (gate)
        {
            while (costs.Count <= index && costs.LastOrDefault() < LexAutomaton.Never)
            {
                var (ofText, ofScalar) = (1 + texts.Cost(ofTexts), scalars.Cost(costs.Count - ofTexts));
                ofTexts += ofText <= ofScalar ? 1 : 0;
                costs.Add(Math.Min(Math.Min(ofText, ofScalar), LexAutomaton.Never));
            }

            return index < costs.Count ? costs[(int)index] : LexAutomaton.Never;
        }
    }

    /// <summary>The start of other texts than some, after their first quote, and that of other numbers and words; null where there are none.</summary>
    /// <param name="taken">The items that are there, as they are written; texts are what they say, after a quote.</param>
    public (LexState? Text, LexState? Scalar) Starts(IReadOnlyList<string> taken) => taken.Count == 0 ? first.Value : Find(taken);

    private (LexState? Text, LexState? Scalar) Find(IReadOnlyList<string> taken)
    {
        var fresh = automaton.Fresh();
        return (
            fresh.Start(algebra => [(0, TextsWithout(algebra, [.. taken.Where(item => item[0] == '"').Select(item => item[1..])]))], mode),
            fresh.Start(algebra => [(0, ScalarsWithout(algebra, [.. taken.Where(item => item[0] != '"')]))], LexMode.Raw));
    }

    private RegexNode TextsWithout(RegexAlgebra algebra, IReadOnlyList<string> taken) =>
        algebra.And(algebra.Import(text), algebra.Not(algebra.Literals(taken)));

    // Of a number every way to write it.
    private RegexNode ScalarsWithout(RegexAlgebra algebra, IReadOnlyList<string> taken)
    {
        if (isPlain)
        {
            var zeros = taken.Any(item => item is "0" or "-0") ? (string[])["0", "-0"] : [];
            return algebra.And(algebra.Import(scalar), algebra.Not(algebra.Literals([.. taken, .. zeros])));
        }

        var numbers = new NumberLanguages(algebra);
        var words = algebra.Literals(["null", "true", "false"]);
        var same = taken.Select(item => item[0] is 'n' or 't' or 'f' ? algebra.Literal(item) : numbers.Same(DecimalNumber.Of(JsonElement.Parse(item))!));
        return algebra.And(algebra.Import(scalar), algebra.Or(numbers.Normal, words), algebra.Not(algebra.Or([.. same])));
    }
}
