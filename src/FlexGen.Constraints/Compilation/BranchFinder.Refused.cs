using FlexGen.Constraints.Schemas;

namespace FlexGen.Constraints.Compilation;

// What schemas refuse.
internal abstract partial class BranchFinder<T>
{
    private (List<T>, bool) Refused(Schema schema)
    {
        if (schema.RefusesAll || !schema.Types.HasFlag(Type))
        {
            return ([All], true);
        }

        var branches = new List<T>();
        var isExact = true;
        Add(OwnRefused(schema) is { } own ? (own, true) : ([], false));
        foreach (var values in Listed(schema))
        {
            Add(values.Length == 0 ? ([All], true) : Every(values));
        }

        foreach (var each in schema.Reference >= 0 ? [schema.Reference, .. schema.AllOf] : schema.AllOf)
        {
            Add(Find(Signed.Not(Signed.Of(each))));
        }

        if (schema.AnyOf is { } any)
        {
            Add(Every(any));
        }

        if (schema.Not >= 0)
        {
            Add(Find(Signed.Of(schema.Not)));
        }

        if (schema.OneOf is not null || (schema.If >= 0 && (schema.Then >= 0 || schema.Else >= 0)))
        {
            isExact = false;
        }

        return isExact && branches.Count <= MostBranches ? (branches, true) : ([All], false);

        void Add((List<T> Branches, bool IsExact) more)
        {
            branches.AddRange(more.Branches);
            isExact &= more.IsExact;
        }
    }

    // What each of some schemas refuses.
    private (List<T>, bool) Every(int[] schemas)
    {
        List<T>? branches = [All];
        var isExact = true;
        foreach (var each in schemas)
        {
            var (refused, isKnown) = Find(Signed.Not(Signed.Of(each)));
            isExact &= isKnown;
            branches = branches is null || !isKnown ? null : Product(branches, refused, "", MostRefused);
        }

        return branches is not null && isExact ? (branches, true) : ([All], false);
    }
}
