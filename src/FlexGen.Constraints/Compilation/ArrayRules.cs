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

    /// <summary>Kinds of items that are counted, at most.</summary>
    private const int MostHits = 4;

    public ArrayRule Make(ArrayBranch branch)
    {
        var lengths = branch.Facets.Concat(branch.Unevaluated.SelectMany(each => each.Facets)).Select(facet => library[facet].PrefixItems.Length)
            .Concat(branch.At.Select(item => item.Index + 1));
        var prefix = Math.Min(lengths.DefaultIfEmpty(0).Max(), MostPrefix);
        var hits = branch.Hits.Where(hit => IsCounted(hit.Min) && (hit.Max == long.MaxValue || IsCounted(hit.Max))).Take(MostHits).ToArray();
        foreach (var (uncounted, _, _) in branch.Hits.Except(hits))
        {
            findings.AddAt(
                library[Signed.Schema(uncounted)].Location, $"items are counted for at most {MostHits} such keywords, and up to {ArrayPlace.MostHits}");
        }

        var items = new List<ItemRule>();
        for (var set = 0; set < 1 << hits.Length; set++)
        {
            var besides = hits.Index().Where(hit => (set >> hit.Index & 1) != 0 || hit.Item.Max < long.MaxValue)
                .Select(hit => (set >> hit.Index & 1) != 0 ? hit.Item.Signed : Signed.Not(hit.Item.Signed)).ToArray();
            items.Add(new ItemRule(
                set, [.. Enumerable.Range(0, prefix).Select(index => numberOf(Of(branch, index, besides)))], numberOf(Of(branch, prefix, besides))));
        }

        return new ArrayRule([.. items], [.. hits.Select(hit => new HitRule(hit.Min, hit.Max))], branch.Min, branch.Max)
        {
            UniqueAt = branch.Max > 1 ? branch.UniqueAt : null,
        };
    }

    private static bool IsCounted(long number) => number <= ArrayPlace.MostHits;

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

        foreach (var (schema, facets, hits) in branch.Unevaluated)
        {
            if (!hits.Intersect(besides).Any() && !Array.Exists(facets, facet => library[facet].Items >= 0 || index < library[facet].PrefixItems.Length))
            {
                values.Add(Signed.Of(schema), signed);
            }
        }

        return [.. signed];
    }
}
