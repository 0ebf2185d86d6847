using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>The arrays that schemas allow.</summary>
/// <param name="library">The schemas.</param>
/// <param name="findings">Takes what is not enforced.</param>
internal sealed class ArrayBranches(SchemaLibrary library, Findings findings) : BranchFinder<ArrayBranch>(library, findings)
{
    protected override ArrayBranch All => ArrayBranch.All;

    protected override JsonTypes Type => JsonTypes.Array;

    protected override ArrayBranch And(ArrayBranch first, ArrayBranch second) => first.And(second);

    protected override bool Clash(ArrayBranch branch) => branch.Min > branch.Max;

    protected override (List<ArrayBranch> Branches, bool IsExact) Own(Schema schema)
    {
        var own = new ArrayBranch
        {
            Facets = schema.NamesItems ? [Library.NumberOf(schema)] : [],
            Min = schema.MinItems,
            Max = schema.MaxItems,
            Hits = schema.Contains >= 0 && (schema.MinContains > 0 || schema.MaxContains < long.MaxValue || Library.HasUnevaluated)
                ? [(Signed.Of(schema.Contains), schema.MinContains, schema.MaxContains)]
                : [],
            UniqueAt = schema.UniqueItems ? schema.Location : null,
        };
        // Whether items can be compared is seen when it is known what they are.
        return (Clash(own) ? [] : [own], !schema.UniqueItems || schema.MaxItems <= 1);
    }

    protected override List<ArrayBranch>? OwnRefused(Schema schema)
    {
        var refused = new List<ArrayBranch>();
        if (schema.MinItems > 0)
        {
            refused.Add(new ArrayBranch { Max = schema.MinItems - 1 });
        }

        if (schema.MaxItems < long.MaxValue)
        {
            refused.Add(new ArrayBranch { Min = schema.MaxItems + 1 });
        }

        refused.AddRange(schema.PrefixItems.Index().Where(item => !Library[item.Item].SaysNothing)
            .Select(item => new ArrayBranch { Min = item.Index + 1, At = [(item.Index, Signed.Of(item.Item, isNegated: true))] }));
        var saysItems = schema.Items >= 0 && !Library[schema.Items].SaysNothing;
        if (saysItems && schema.PrefixItems.Length == 0)
        {
            refused.Add(new ArrayBranch { Hits = [(Signed.Of(schema.Items, isNegated: true), 1, long.MaxValue)] });
        }

        if (schema.Contains >= 0)
        {
            refused.Add(new ArrayBranch { Each = [Signed.Of(schema.Contains, isNegated: true)] });
        }

        var isExact = !schema.UniqueItems && schema.UnevaluatedItems < 0 && (!saysItems || schema.PrefixItems.Length == 0)
            && (schema.Contains < 0 || (schema.MinContains == 1 && schema.MaxContains == long.MaxValue));
        return isExact ? refused : null;
    }

    // Where a schema in its place speaks of what is not evaluated, that is everything.
    protected override ArrayBranch Complete(Schema schema, ArrayBranch branch) => schema.UnevaluatedItems < 0 || branch.Unevaluated.Length > 0
        ? branch
        : branch with
        {
            Unevaluated =
            [
                (schema.UnevaluatedItems, [.. branch.Facets.Except(branch.Unseen)],
                    [.. Library.ContainsEvaluates ? branch.Hits.Select(hit => hit.Signed).Except(branch.UnseenHits) : []]),
            ],
        };

    protected override ArrayBranch Unseen(ArrayBranch branch) =>
        branch with { Unseen = branch.Facets, UnseenHits = [.. branch.Hits.Select(hit => hit.Signed)] };

    protected override IEnumerable<int[]> Listed(Schema schema) => schema.ListedBelow.Select(listed => listed.Arrays);
}
