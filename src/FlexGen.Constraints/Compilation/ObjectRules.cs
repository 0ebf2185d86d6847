using System.Text;
using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>Makes the rule of an object from all that it must be.</summary>
/// <param name="library">The schemas.</param>
/// <param name="algebra">Makes the languages of names.</param>
/// <param name="scalars">Has those of schemas.</param>
/// <param name="values">Says what properties must be.</param>
/// <param name="isInOrder">Properties stand in the order of the schema that names them.</param>
/// <param name="numberOf">Gives the rule of values that fit schemas, by number.</param>
internal sealed class ObjectRules(
    SchemaLibrary library, RegexAlgebra algebra, ScalarLanguages scalars, PropertyValues values, bool isInOrder, Func<int[], int> numberOf)
{
    /// <summary>The most classes of names that patterns may make.</summary>
    private const int MostClasses = 64;

    /// <summary>The most names of a kind of which there must be one that are told apart.</summary>
    private const int MostNames = 16;

    /// <summary>The most states of names that are looked at.</summary>
    private const int MostStates = 200;

    private readonly TextCounts nameCounts = new(algebra);

    public ObjectRule Make(ObjectBranch branch)
    {
        var declared = new List<(string Name, int Chain)>();
        var seen = new HashSet<string>();
        foreach (var (chain, number) in branch.Facets.Index())
        {
            declared.AddRange((library[number].Properties ?? []).Where(property => seen.Add(property.Name)).Select(property => (property.Name,
                isInOrder ? chain : -1)));
        }

        declared.AddRange(branch.Required.Concat(branch.Named.Select(named => named.Name)).Concat(branch.Owed.SelectMany(each => FewNames(each.Names))).Where(seen.Add)
            .Select(name => (name, -1)));
        var required = branch.Required.ToHashSet();
        var properties = declared.Select(property => new PropertyRule(
            property.Name, values.IsName(branch, property.Name) ? numberOf(values.Of(branch, property.Name)) : -1, required.Contains(property.Name),
                property.Chain));
        return new ObjectRule([.. properties], [.. Extras(branch, seen, algebra.Any, [])], branch.Min, branch.Max)
        {
            Hits = [.. Enumerable.Range(1, (1 << branch.Owed.Length) - 1).Select(set => Hit(branch, declared, seen, set))],
            Owed = (1 << branch.Owed.Length) - 1,
        };
    }

    // Properties that are one of each of some kinds of which there must be one.
    private ObjectHit Hit(ObjectBranch branch, List<(string Name, int Chain)> declared, HashSet<string> seen, int set)
    {
        OwedProperty[] kinds = [.. branch.Owed.Where((_, n) => (set >> n & 1) != 0)];
        var names = kinds.Aggregate(algebra.Any, (all, kind) => algebra.And(all, kind.Names));
        int[] besides = [.. kinds.Select(kind => kind.Value).OfType<int>()];
        return new ObjectHit(
            set,
            [.. declared.Select(property => values.IsName(branch, property.Name) && values.IsIn(names, property.Name)
                ? numberOf(With(values.Of(branch, property.Name), besides)) : -1)],
            [.. Extras(branch, seen, names, besides)]);
    }

    private int[] With(IEnumerable<int> signed, int[] besides)
    {
        var all = new SortedSet<int>(signed);
        Array.ForEach(besides, each => values.Add(each, all));
        return [.. all];
    }

    // The names of a language that has few.
    private List<string> FewNames(RegexNode names)
    {
        var texts = new List<string>();
        if (nameCounts.Of(names) <= MostNames)
        {
            Add(names, "");
        }

        return texts;

        void Add(RegexNode left, string text)
        {
            if (left.IsNullable)
            {
                texts.Add(text);
            }

            var steps = algebra.Steps(left);
            for (var i = 0; i < steps.Starts.Length; i++)
            {
                var end = i + 1 < steps.Starts.Length ? steps.Starts[i + 1] : CodePointSet.Last + 1;
                for (var point = steps.Starts[i]; point < end && !steps.Targets[i].IsEmpty; point++)
                {
                    if (Rune.IsValid(point))
                    {
                        Add(steps.Targets[i], text + new Rune(point));
                    }
                }
            }
        }
    }

    private List<ExtraRule> Extras(ObjectBranch branch, HashSet<string> declared, RegexNode only, int[] besides)
    {
        var names = algebra.And(only, algebra.Not(algebra.Literals(declared)));
        foreach (var facet in branch.Facets)
        {
            if (library[facet].PropertyNames is >= 0 and var ofNames)
            {
                names = algebra.And(names, scalars.Find([Signed.Of(ofNames)], ScalarKind.Text));
            }
        }

        var patterns = branch.Facets.SelectMany(facet => (library[facet].PatternProperties ?? []).Select(property => (Schema: library[facet],
            property.Pattern)))
            .DistinctBy(each => each.Pattern).ToArray();
        var classes = new List<(RegexNode Names, HashSet<string> Matched)> { (names, []) };
        foreach (var (schema, pattern) in patterns)
        {
            var texts = values.Language(pattern, schema);
            var others = algebra.Not(texts);
            classes = [.. classes.SelectMany(each => new[] { (Names: algebra.And(each.Names, texts), Matched: each.Matched.Append(pattern).ToHashSet()),
                (Names: algebra.And(each.Names, others), each.Matched) }).Where(each => algebra.IsAlive(each.Names))];
            if (classes.Count > MostClasses)
            {
                throw new ConstraintException(schema.Location, $"has patterns that divide names into more than {MostClasses} classes: make them fewer");
            }
        }

        var byValue = new Dictionary<int, RegexNode>();
        foreach (var (language, matched) in classes)
        {
            if (Values(branch, matched) is { } ofThese && algebra.IsAlive(language))
            {
                var number = numberOf(With(ofThese, besides));
                byValue[number] = algebra.Or(byValue.GetValueOrDefault(number, algebra.None), language);
            }
        }

        return [.. byValue.Select(extra => new ExtraRule(extra.Value, extra.Key, IsEndless(extra.Value), nameCounts.Of(extra.Value)))];
    }

    /// <summary>What properties must be whose names match some patterns and no others; null where there may be none.</summary>
    private int[]? Values(ObjectBranch branch, HashSet<string> matched)
    {
        var signed = new SortedSet<int>();
        foreach (var facet in branch.Facets)
        {
            var schema = library[facet];
            var own = (schema.PatternProperties ?? []).Where(property => matched.Contains(property.Pattern)).Select(property => property.Schema).ToList();
            own.AddRange(own.Count == 0 && schema.AdditionalProperties >= 0 ? [schema.AdditionalProperties] : []);
            own.ForEach(each => values.Add(Signed.Of(each), signed));
        }

        foreach (var (schema, facets) in branch.Unevaluated)
        {
            var isEvaluated = Array.Exists(facets, facet => library[facet].AdditionalProperties >= 0
                || Array.Exists(library[facet].PatternProperties ?? [], property => matched.Contains(property.Pattern)));
            if (!isEvaluated)
            {
                values.Add(Signed.Of(schema), signed);
            }
        }

        return signed.Any(each => !Signed.IsNegated(each) && library[Signed.Schema(each)].RefusesAll) ? null : [.. signed];
    }

    // From no state on is the rest finite.
    private bool IsEndless(RegexNode names)
    {
        var targets = new Dictionary<RegexNode, RegexNode[]>();
        var queue = new Queue<RegexNode>([names]);
        while (queue.TryDequeue(out var node))
        {
            if (targets.ContainsKey(node))
            {
                continue;
            }

            if (targets.Count == MostStates)
            {
                return false;
            }

            targets[node] = [.. algebra.Steps(node).Targets.Where(target => !target.IsEmpty).Distinct()];
            Array.ForEach(targets[node], queue.Enqueue);
        }

        // A state that leads to no circle is left when those that lead nowhere are taken away again and again.
        return !targets.Values.Any(next => next.Length == 0) && targets.Count > 0;
    }
}
