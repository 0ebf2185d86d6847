using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>What the properties of an object must be, by their names.</summary>
/// <param name="library">The schemas.</param>
/// <param name="scalars">Knows the languages of names.</param>
/// <param name="algebra">Steps through them.</param>
internal sealed class PropertyValues(SchemaLibrary library, ScalarLanguages scalars, RegexAlgebra algebra)
{
    private readonly Dictionary<(string, string), bool> matches = [];

    /// <summary>The schemas that a property's value must fit, in order.</summary>
    public int[] Of(ObjectBranch branch, string name)
    {
        var signed = new SortedSet<int>();
        foreach (var number in branch.Facets)
        {
            AddOf(library[number], name, signed);
        }

        foreach (var (named, schema) in branch.Named)
        {
            if (named == name)
            {
                Add(schema, signed);
            }
        }

        foreach (var (schema, facets) in branch.Unevaluated)
        {
            if (!Array.Exists(facets, facet => Evaluates(library[facet], name)))
            {
                Add(Signed.Of(schema), signed);
            }
        }

        return [.. signed];
    }

    /// <summary>The name is one that properties may have.</summary>
    public bool IsName(ObjectBranch branch, string name) =>
        !Array.Exists(branch.Facets, facet => library[facet].PropertyNames is >= 0 and var names && !IsIn(scalars.Find([Signed.Of(names)],
            ScalarKind.Text), name));

    /// <summary>The name is one of a pattern of a facet.</summary>
    public bool Matches(string pattern, string name, Schema schema)
    {
        if (!matches.TryGetValue((pattern, name), out var isMatch))
        {
            matches[(pattern, name)] = isMatch = IsIn(Language(pattern, schema), name);
        }

        return isMatch;
    }

    /// <summary>The names that a pattern is found in.</summary>
    /// <exception cref="ConstraintException">No automaton tells them.</exception>
    public RegexNode Language(string pattern, Schema schema) => scalars.Pattern(pattern, "patternProperties", schema.Location)
        ?? throw new ConstraintException(SchemaShape.Below(schema.Location, "patternProperties"),
            $"has the pattern '{pattern}', which no automaton can do: write another");

    /// <summary>
    /// Of what a schema says of properties whose names it does not name, each that one property is enough to go against; null where a pattern has no automaton.
    /// </summary>
    public List<OwedProperty>? Against(Schema schema)
    {
        var owed = new List<OwedProperty>();
        var others = algebra.Not(algebra.Literals((schema.Properties ?? []).Select(property => property.Name)));
        foreach (var (pattern, value) in schema.PatternProperties ?? [])
        {
            if (scalars.Pattern(pattern, "patternProperties", schema.Location) is not { } names)
            {
                return null;
            }

            Add(names, value);
            others = algebra.And(others, algebra.Not(names));
        }

        if (schema.AdditionalProperties >= 0)
        {
            Add(others, schema.AdditionalProperties);
        }

        if (schema.PropertyNames >= 0 && !library[schema.PropertyNames].SaysNothing)
        {
            owed.Add(new OwedProperty(scalars.Find([Signed.Of(schema.PropertyNames, isNegated: true)], ScalarKind.Text), null,
                library[schema.PropertyNames].Location));
        }

        return owed;

        void Add(RegexNode names, int value)
        {
            if (!library[value].SaysNothing)
            {
                owed.Add(new OwedProperty(names, library[value].RefusesAll ? null : Signed.Of(value, isNegated: true), library[value].Location));
            }
        }
    }

    /// <summary>Adds schemas that say something, and of one that only refers to another, that.</summary>
    public void Add(int signed, ISet<int> to)
    {
        var schema = library[Signed.Schema(signed)];
        for (var steps = 0; schema.RefersOnly; steps++)
        {
            if (steps > 1000)
            {
                throw new ConstraintException(schema.Location, "leads back to itself for the same value");
            }

            signed = Signed.Of(schema.Reference, Signed.IsNegated(signed));
            schema = library[schema.Reference];
        }

        if (!schema.SaysNothing || Signed.IsNegated(signed))
        {
            to.Add(signed);
        }
    }

    private void AddOf(Schema schema, string name, SortedSet<int> to)
    {
        var isNamed = false;
        foreach (var (known, value) in schema.Properties ?? [])
        {
            if (known == name)
            {
                Add(Signed.Of(value), to);
                isNamed = true;
            }
        }

        foreach (var (pattern, value) in schema.PatternProperties ?? [])
        {
            if (Matches(pattern, name, schema))
            {
                Add(Signed.Of(value), to);
                isNamed = true;
            }
        }

        if (!isNamed && schema.AdditionalProperties >= 0)
        {
            Add(Signed.Of(schema.AdditionalProperties), to);
        }
    }

    private bool Evaluates(Schema schema, string name) =>
        schema.AdditionalProperties >= 0 || Array.Exists(schema.Properties ?? [], property => property.Name == name)
        || Array.Exists(schema.PatternProperties ?? [], property => Matches(property.Pattern, name, schema));

    /// <summary>The text is one of the language.</summary>
    public bool IsIn(RegexNode language, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            language = algebra.Steps(language).After(rune.Value);
        }

        return language.IsNullable;
    }
}
