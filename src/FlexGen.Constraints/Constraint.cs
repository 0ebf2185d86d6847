using System.Text;
using System.Text.Json;
using FlexGen.Constraints.Compilation;
using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Patterns;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Running;
using FlexGen.Constraints.Schemas;
using FlexGen.Constraints.Vocabulary;
using FlexGen.Schemas;

namespace FlexGen.Constraints;

/// <summary>Which texts an output may be, compiled once for a vocabulary; thread-safe and shared by all sequences.</summary>
public sealed class Constraint
{
    /// <summary>Outputs that are drawn to be prepared for, and tokens of each whose masks are made ahead.</summary>
    private const int Drawn = 4, MostPrepared = 64;

    private readonly ConstraintProgram program;
    private readonly TokenBytes tokens;
    private readonly Lazy<List<int>> shortest;

    private Constraint(JsonGrammar grammar, Position start, TokenBytes tokens, bool closesInTime)
    {
        program = new ConstraintProgram(new Stepper(grammar), tokens.Index, start, closesInTime);
        this.tokens = tokens;
        shortest = new(() => Begin().MayEnd ? [] : new ShortestEnd(program.Stepper, tokens.Index.Trie).Tokens(start));
    }

    /// <summary>Keywords that the masks do not enforce; where there are none, whatever the masks allow is valid.</summary>
    public IReadOnlyList<UnenforcedKeyword> Unenforced { get; private init; } = [];

    /// <summary>Keywords that JSON Schema gives no meaning: they say nothing of values, and are perhaps misspelt.</summary>
    public IReadOnlyList<UnenforcedKeyword> Unknown { get; private init; } = [];

    /// <summary>So many tokens are enough for a whole output, the one that ends the sequence not counted; fewer may be.</summary>
    public int EnoughTokens => program.Stepper.Cost(program.Start);

    /// <summary>
    /// The tokens of the shortest output, the one that ends the sequence not counted: with fewer left none comes to its end. Null where it is so long that
    /// no one looks for it.
    /// </summary>
    public int? ShortestTokens => shortest.Value.Count > 0 || Begin().MayEnd ? Math.Min(shortest.Value.Count, EnoughTokens) : null;

    /// <param name="schema">A JSON schema of draft 4, 6, 7, 2019-09 or 2020-12.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ConstraintException">It is no schema, no value fits it, or it has what can be neither enforced nor checked afterwards.</exception>
    public static Constraint ForSchema(JsonElement schema, TokenBytes tokens, ConstraintOptions options)
    {
        try
        {
            var library = new SchemaLibrary(schema, options.IntegersOf64Bits);
            var builder = new GrammarBuilder(library, options.PropertyOrder == PropertyOrder.Schema);
            var grammar = builder.Build(tokens.Index, tokens.Common, options.AllowWhitespace);
            var start = new Position { Kind = PositionKind.Value, Rule = grammar.Root };
            return new Constraint(grammar, start, tokens, options.CloseInTime) { Unenforced = builder.Unenforced, Unknown = [.. library.Unknown] };
        }
        catch (KeywordException e)
        {
            throw new ConstraintException(e.Location, e.Problem);
        }
    }

    /// <param name="pattern">An ECMA-262 expression that the whole output matches.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <exception cref="ConstraintException">It is none, nothing matches it, or it has what no automaton can do.</exception>
    public static Constraint ForRegex(string pattern, TokenBytes tokens)
    {
        try
        {
            var algebra = new RegexAlgebra();
            return ForText(new PatternLanguage(algebra).Whole(pattern), algebra, tokens, $"nothing matches '{pattern}'");
        }
        catch (PatternException e)
        {
            throw new ConstraintException("", $"the expression '{pattern}' cannot be used: {e.Message}");
        }
    }

    /// <param name="choices">The texts of which the output is one.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <exception cref="ConstraintException">There are none, or one is no text.</exception>
    public static Constraint ForChoices(IReadOnlyList<string> choices, TokenBytes tokens)
    {
        foreach (var choice in choices)
        {
            if (choice.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar) && !choice.Contains('\uFFFD'))
            {
                throw new ConstraintException("", "a choice has half a character");
            }
        }

        var algebra = new RegexAlgebra();
        return ForText(algebra.Literals(choices), algebra, tokens, "there are no choices");
    }

    /// <summary>
    /// Makes the masks along the shortest output and along some that are drawn, and what they take of the vocabulary, which the first sequences would wait for:
    /// some tenths of a second.
    /// </summary>
    /// <returns>This one.</returns>
    public Constraint Prepare()
    {
        var left = new Queue<int>(shortest.Value);
        Walk(_ => left.TryDequeue(out var token) ? token : null);
        for (var n = 0; n < Drawn; n++)
        {
            var random = new Random(n);
            Walk(mask => TokenSet.Draw(mask, random));
        }

        return this;
    }

    private void Walk(Func<uint[], int?> choose)
    {
        var (rule, mask) = (Begin(), new uint[TokenSet.Words(tokens.Size)]);
        for (var n = 0; n < MostPrepared && !rule.IsOver; n++)
        {
            rule.Fill(mask, int.MaxValue);
            if (choose(mask) is not { } token || !rule.Take(token))
            {
                return;
            }
        }
    }

    /// <summary>The state of one sequence, at its start.</summary>
    public TokenRule Begin() => new(program, tokens);

    private static Constraint ForText(RegexNode language, RegexAlgebra algebra, TokenBytes tokens, string ifEmpty)
    {
        var automaton = new LexAutomaton(algebra, tokens.Index, tokens.Common);
        var lex = automaton.Start(_ => [(0, language)], LexMode.Raw) ?? throw new ConstraintException("", ifEmpty);
        var start = new Position { Kind = PositionKind.Scalar, Lex = lex };
        return new Constraint(new JsonGrammar(automaton, [], -1, AllowsWhitespace: false), start, tokens, closesInTime: true);
    }
}
