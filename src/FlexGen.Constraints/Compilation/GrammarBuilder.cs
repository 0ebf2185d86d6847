using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Lexing;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Schemas;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Compilation;

/// <summary>
/// Makes a grammar of a schema. A value is described by the set of schemas that it must fit, which is found anew as it is needed: so properties of several
/// schemas meet, and recursion ends where a set was there before.
/// </summary>
internal sealed class GrammarBuilder
{
    private const int MostRules = 20_000;

    private readonly SchemaLibrary library;
    private readonly RegexAlgebra algebra = new();
    private readonly Findings findings = new();
    private readonly ScalarLanguages scalars;
    private readonly ObjectBranches objects;
    private readonly ArrayBranches arrays;
    private readonly ObjectRules objectRules;
    private readonly ArrayRules arrayRules;
    private readonly List<int[]> sets = [];
    private readonly Dictionary<string, int> numbers = [];

    /// <param name="library">The schemas.</param>
    /// <param name="isInOrder">Properties stand in the order of the schema that names them.</param>
    public GrammarBuilder(SchemaLibrary library, bool isInOrder)
    {
        this.library = library;
        scalars = new ScalarLanguages(library, algebra, findings);
        var values = new PropertyValues(library, scalars, algebra);
        objects = new ObjectBranches(library, findings, values) { AreSeenEmpty = new EmptinessCheck(library, scalars).AreSeenEmpty };
        arrays = new ArrayBranches(library, findings);
        objectRules = new ObjectRules(library, algebra, scalars, values, isInOrder, NumberOf);
        arrayRules = new ArrayRules(library, findings, values, NumberOf);
    }

    /// <summary>What is not enforced, once the grammar is made.</summary>
    public IReadOnlyList<UnenforcedKeyword> Unenforced => findings.All;

    /// <exception cref="ConstraintException">No value fits the schema, or it has what cannot be compiled.</exception>
    public JsonGrammar Build(VocabularyIndex vocabulary, LexAutomaton common, bool allowsWhitespace)
    {
        try
        {
            var drafts = new List<RuleDraft>();
            NumberOf([Signed.Of(SchemaLibrary.Root)]);
            while (drafts.Count < sets.Count)
            {
                drafts.Add(Draft(sets[drafts.Count]));
            }

            var automaton = new LexAutomaton(algebra, vocabulary, common);
            var rules = new RuleSettling(drafts.ConvertAll(draft => WithUnique(draft, drafts, automaton)), automaton).Rules;
            return rules[0].Cost >= LexAutomaton.Never ? throw new ConstraintException("#", "fits no value at all")
                : rules[0].Depth > JsonGrammar.MostDepth
                ? throw new ConstraintException(
                    "#", $"fits only values with more than {JsonGrammar.MostDepth} objects and arrays in each other, which are not read")
                : new JsonGrammar(automaton, rules, 0, allowsWhitespace);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new ConstraintException("#", "has schemas that refer to each other too deeply");
        }
    }

    private int NumberOf(int[] signed)
    {
        var key = string.Join(' ', signed);
        if (!numbers.TryGetValue(key, out var number))
        {
            number = sets.Count < MostRules ? sets.Count : throw new ConstraintException("#",
                $"needs more than {MostRules} rules once its schemas are put together");
            numbers[key] = number;
            sets.Add(signed);
        }

        return number;
    }

    // Items are compared where they are all of one kind, and no objects or arrays.
    private RuleDraft WithUnique(RuleDraft draft, List<RuleDraft> drafts, LexAutomaton automaton) => draft with
    {
        Arrays = draft.Arrays.ConvertAll(rule =>
        {
            if (rule.UniqueAt is not { } at)
            {
                return rule;
            }

            if (rule is { Items: [{ Prefix: [] } item], Max: > 1 } && drafts[item.Rest] is { Objects: [], Arrays: [] } items)
            {
                return rule with { Unique = new UniqueItems(automaton, items.Text, RuleSettling.ModeOf(items.Text), items.Scalar, algebra) };
            }

            findings.Add("uniqueItems", at, rule.Items is [{ Prefix: [] }] ? "items that may be objects or arrays are not compared while they are written"
                : "items of several kinds are not compared while they are written");
            return rule;
        }),
    };

    private RuleDraft Draft(int[] signed) => new(
        scalars.Find(signed, ScalarKind.Text),
        algebra.Or(scalars.Find(signed, ScalarKind.Number), scalars.Find(signed, ScalarKind.Word)),
        objects.Find(signed).ConvertAll(objectRules.Make),
        arrays.Find(signed).ConvertAll(arrayRules.Make));
}
