using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>The objects that schemas allow.</summary>
/// <param name="library">The schemas.</param>
/// <param name="findings">Takes what is not enforced.</param>
/// <param name="values">Says what properties must be.</param>
internal sealed class ObjectBranches(SchemaLibrary library, Findings findings, PropertyValues values) : BranchFinder<ObjectBranch>(library, findings)
{
    /// <summary>The most kinds of properties of which there must be one: which of them a property is, all sets of them are looked at.</summary>
    private const int MostOwed = 3;

    /// <summary>Says of schemas whether it is soon seen that no value fits them all.</summary>
    public Func<int[], bool> AreSeenEmpty { get; set; } = _ => false;

    protected override ObjectBranch All => ObjectBranch.All;

    protected override JsonTypes Type => JsonTypes.Object;

    protected override ObjectBranch And(ObjectBranch first, ObjectBranch second)
    {
        var both = first.And(second);
        if (both.Owed.Length <= MostOwed)
        {
            return both;
        }

        Findings.AddAt(both.Owed[MostOwed].Location, $"that a property goes against it is asked for beside {MostOwed} others of that kind");
        return both with { Owed = both.Owed[..MostOwed] };
    }

    protected override bool Clash(ObjectBranch branch) =>
        branch.Min > branch.Max || branch.Required.Length > branch.Max || (branch.Owed.Length > 0 && branch.Max == 0)
        || Array.Exists(branch.Required, name => AreSeenEmpty(values.Of(branch, name)) || !values.IsName(branch, name));

    protected override (List<ObjectBranch> Branches, bool IsExact) Own(Schema schema)
    {
        var own = new ObjectBranch
        {
            Facets = schema.NamesProperties ? [Library.NumberOf(schema)] : [],
            Required = schema.Required,
            Min = schema.MinProperties,
            Max = schema.MaxProperties,
        };
        var branches = new List<ObjectBranch> { own };
        foreach (var (name, required) in schema.DependentRequired)
        {
            branches = Depend(branches, name, [new ObjectBranch { Required = [name, .. required] }]);
        }

        foreach (var (name, dependent) in schema.DependentSchemas)
        {
            branches = Depend(branches, name, Find([Signed.Of(dependent)]).ConvertAll(each => each.And(new ObjectBranch { Required = [name] })));
        }

        branches.RemoveAll(Clash);
        return (branches, true);
    }

    protected override List<ObjectBranch>? OwnRefused(Schema schema)
    {
        var refused = new List<ObjectBranch>();
        refused.AddRange(schema.Required.Select(name => new ObjectBranch { Named = [(name, Signed.Of(Library.Nothing))] }));
        refused.AddRange((schema.Properties ?? []).Where(property => !Library[property.Schema].SaysNothing)
            .Select(property => new ObjectBranch { Required = [property.Name], Named = [(property.Name, Signed.Of(property.Schema, isNegated: true))] }));
        refused.AddRange(schema.DependentRequired.SelectMany(dependent => dependent.Required.Select(name =>
            new ObjectBranch { Required = [dependent.Name], Named = [(name, Signed.Of(Library.Nothing))] })));
        if (schema.MinProperties > 0)
        {
            refused.Add(new ObjectBranch { Max = schema.MinProperties - 1 });
        }

        if (schema.MaxProperties < long.MaxValue)
        {
            refused.Add(new ObjectBranch { Min = schema.MaxProperties + 1 });
        }

        var isExact = schema.UnevaluatedProperties < 0;
        foreach (var (name, dependent) in schema.DependentSchemas)
        {
            var (against, isKnown) = Find(Signed.Of(dependent, isNegated: true));
            refused.AddRange(against.Select(branch => And(branch, new ObjectBranch { Required = [name] })));
            isExact &= isKnown;
        }

        var owed = values.Against(schema);
        refused.AddRange((owed ?? []).Select(property => new ObjectBranch { Owed = [property] }));
        refused.RemoveAll(Clash);
        return isExact && owed is not null ? refused : null;
    }

    // Where a schema in its place speaks of what is not evaluated, that is everything.
    protected override ObjectBranch Complete(Schema schema, ObjectBranch branch) => schema.UnevaluatedProperties < 0 || branch.Unevaluated.Length > 0
        ? branch
        : branch with { Unevaluated = [(schema.UnevaluatedProperties, [.. branch.Facets.Except(branch.Unseen)])] };

    protected override ObjectBranch Unseen(ObjectBranch branch) => branch with { Unseen = branch.Facets };

    protected override IEnumerable<int[]> Listed(Schema schema) => schema.ListedBelow.Select(listed => listed.Objects);

    private List<ObjectBranch> Depend(List<ObjectBranch> branches, string name, List<ObjectBranch> with) =>
    [
        .. branches.Select(branch => branch.And(new ObjectBranch { Named = [(name, Signed.Of(Library.Nothing))] })),
        .. branches.SelectMany(branch => with.Select(branch.And)).Where(branch => !Clash(branch)),
    ];
}
