using FlexGen.Constraints.Grammar;
using FlexGen.Constraints.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>Makes the rule of an array from all that it must be.</summary>
/// <param name="library">The schemas.</param>
/// <param name="findings">Takes what is not enforced.</param>
/// <param name="values">Puts schemas together.</param>
/// <param name="numberOf">Gives the rule of values that fit schemas, by number.</param>
internal sealed class ArrayRules(SchemaLibrary library, Findings findings, PropertyValues values, Func<int[], int> numberOf)
{
    private const int MostPrefix = 10_000;

    public ArrayRule Make(ArrayBranch branch)
    {
        var lengths = branch.Facets.Concat(branch.Unevaluated.SelectMany(each => each.Facets)).Select(facet => library[facet].PrefixItems.Length)
            .Concat(branch.At.Select(item => item.Index + 1));
        var prefix = Math.Min(lengths.DefaultIfEmpty(0).Max(), MostPrefix);
        foreach (var (extra, _, _) in branch.Hits.Skip(1))
        {
            var location = library[Signed.Schema(extra)].Location;
            findings.Add(location[(location.LastIndexOf('/') + 1)..], location[..location.LastIndexOf('/')],
                "another such keyword is enforced for the same array");
        }

        if (branch.Hits is not [var (hit, min, max), ..])
        {
            return Items([], branch.Min, branch.Max);
        }

        var hits = Items([hit], 0, long.MaxValue);
        return Items(max < long.MaxValue ? [Signed.Not(hit)] : [], branch.Min, branch.Max) with { Hits = new HitRule(hits.Prefix, hits.Rest, min, max) };

        ArrayRule Items(int[] besides, long least, long most) => new(
            [.. Enumerable.Range(0, prefix).Select(index => numberOf(Of(branch, index, besides)))], numberOf(Of(branch, prefix, besides)), least, most);
    }

    private int[] Of(ArrayBranch branch, int index, int[] besides)
    {
        var signed = new SortedSet<int>();
        foreach (var facet in branch.Facets)
        {
            var schema = library[facet];
            if (index < schema.PrefixItems.Length || schema.Items >= 0)
            {
                values.Add(Signed.Of(index < schema.PrefixItems.Length ? schema.PrefixItems[index] : schema.Items), signed);
            }
        }

        foreach (var each in branch.Each.Concat(branch.At.Where(item => item.Index == index).Select(item => item.Signed)).Concat(besides))
        {
            values.Add(each, signed);
        }

        foreach (var (schema, facets) in branch.Unevaluated)
        {
            if (!Array.Exists(facets, facet => library[facet].Items >= 0 || index < library[facet].PrefixItems.Length))
            {
                values.Add(Signed.Of(schema), signed);
            }
        }

        return [.. signed];
    }
}
