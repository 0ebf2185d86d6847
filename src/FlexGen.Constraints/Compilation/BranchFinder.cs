using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>
/// The objects, or the arrays, that a schema allows, as a list of branches of which each is all that such a value must be. What connects schemas is multiplied
/// out; a branch that nothing can be is left out as far as that is soon seen.
/// </summary>
/// <typeparam name="T">A branch.</typeparam>
/// <param name="library">The schemas.</param>
/// <param name="findings">Takes what is not enforced.</param>
internal abstract partial class BranchFinder<T>(SchemaLibrary library, Findings findings)
    where T : class
{
    /// <summary>The most branches that one value may have.</summary>
    private const int MostBranches = 512;

    /// <summary>The most branches for what a schema refuses; beyond, that is checked afterwards.</summary>
    private const int MostRefused = 48;

    /// <summary>Of so many alternatives it is seen what several of them evaluate together.</summary>
    private const int MostTogether = 4;

    private readonly Dictionary<int, (List<T> Branches, bool IsExact)> known = [];
    private readonly HashSet<int> open = [];

    protected SchemaLibrary Library { get; } = library;

    protected Findings Findings { get; } = findings;

    /// <summary>What may be anything.</summary>
    protected abstract T All { get; }

    protected abstract JsonTypes Type { get; }

    /// <summary>The branches that all of some schemas allow.</summary>
    /// <exception cref="ConstraintException">They are too many.</exception>
    public List<T> Find(ReadOnlySpan<int> signed)
    {
        var branches = new List<T> { All };
        foreach (var each in signed)
        {
            var (allowed, isExact) = Find(each);
            var location = Library[Signed.Schema(each)].Location;
            if (Signed.IsNegated(each) && !isExact)
            {
                Findings.AddAt(location, "what it refuses has a keyword that cannot be turned around");
            }

            branches = Product(branches, allowed, location, MostBranches)!;
        }

        return branches;
    }

    /// <summary>Both.</summary>
    protected abstract T And(T first, T second);

    /// <summary>It is seen that nothing is both.</summary>
    protected abstract bool Clash(T branch);

    /// <summary>What a schema says by itself.</summary>
    protected abstract (List<T> Branches, bool IsExact) Own(Schema schema);

    /// <summary>The same, refused; null where that is not to be had.</summary>
    protected abstract List<T>? OwnRefused(Schema schema);

    /// <summary>What depends on all that a schema and those in its place said.</summary>
    protected virtual T Complete(Schema schema, T branch) => branch;

    /// <summary>The same, a part of what another schema refuses: it evaluates nothing.</summary>
    protected abstract T Unseen(T branch);

    /// <summary>Schemas of the values of this type that a schema lists, for each list.</summary>
    protected abstract IEnumerable<int[]> Listed(Schema schema);

    /// <summary>The branches that a schema allows, or refuses, and whether they are all.</summary>
    protected (List<T> Branches, bool IsExact) Find(int signed)
    {
        if (known.TryGetValue(signed, out var found))
        {
            return found;
        }

        var schema = Library[Signed.Schema(signed)];
        if (!open.Add(signed))
        {
            throw new ConstraintException(schema.Location, "leads back to itself for the same value");
        }

        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        found = Signed.IsNegated(signed) ? Refused(schema) : Allowed(schema);
        open.Remove(signed);
        return known[signed] = found;
    }

    private (List<T>, bool) Allowed(Schema schema)
    {
        if (schema.RefusesAll || !schema.Types.HasFlag(Type))
        {
            return ([], true);
        }

        var (branches, isExact) = Own(schema);
        foreach (var values in Listed(schema))
        {
            var (listed, isKnown) = Union(values);
            // A list of values evaluates nothing of them.
            Narrow((listed.ConvertAll(Unseen), isKnown), "enum");
        }

        foreach (var each in schema.Reference >= 0 ? [schema.Reference, .. schema.AllOf] : schema.AllOf)
        {
            Narrow(Find(Signed.Of(each)), "allOf");
        }

        if (schema.AnyOf is { } any)
        {
            Narrow(Library.HasUnevaluated && any.Length <= MostTogether ? UnionOfSome(any) : Union(any), "anyOf");
        }

        if (schema.OneOf is { } one)
        {
            Narrow(OneOf(schema, one, branches), "oneOf");
        }

        if (schema.Not >= 0)
        {
            Exclude(schema.Not, "not", (refused, _) => refused);
        }

        if (schema.If >= 0 && (schema.Then >= 0 || schema.Else >= 0 || Library.HasUnevaluated))
        {
            var then = Product(Find(Signed.Of(schema.If)).Branches, schema.Then < 0 ? [All] : Find(Signed.Of(schema.Then)).Branches,
                schema.Location, MostBranches)!;
            var @else = schema.Else < 0 ? [All] : Find(Signed.Of(schema.Else)).Branches;
            Exclude(schema.If, "if", (refused, most) => Product(refused, @else, schema.Location, most) is { } rest ? [.. then, .. rest] : null);
        }

        return (branches.ConvertAll(branch => Complete(schema, branch)), isExact);

        void Narrow((List<T> Branches, bool IsExact) other, string keyword)
        {
            branches = Product(branches, other.Branches, SchemaShape.Below(schema.Location, keyword), MostBranches)!;
            isExact &= other.IsExact;
        }

        void Exclude(int number, string keyword, Func<List<T>, int, List<T>?> use)
        {
            var (refused, isKnown) = Find(Signed.Not(Signed.Of(number)));
            var used = isKnown ? use(refused.ConvertAll(Unseen), MostRefused) : null;
            var narrowed = used is null ? null : Product(branches, used, schema.Location, Math.Max(MostRefused, branches.Count * 2));
            if (narrowed is null)
            {
                Findings.Add(keyword, schema.Location, isKnown ? "what it refuses has too many branches"
                    : "what it refuses has a keyword that cannot be turned around");
                isExact = false;
            }

            branches = narrowed ?? (keyword == "if" ? Product(branches, use([All], MostBranches) ?? [All], schema.Location, MostBranches)! : branches);
        }
    }

    private (List<T>, bool) Union(int[] schemas)
    {
        var all = Array.ConvertAll(schemas, each => Find(Signed.Of(each)));
        return ([.. all.SelectMany(each => each.Branches)], Array.TrueForAll(all, each => each.IsExact));
    }

    // Of several that a value is at once, each evaluates what it speaks of.
    private (List<T>, bool) UnionOfSome(int[] schemas)
    {
        var all = Array.ConvertAll(schemas, each => Find(Signed.Of(each)));
        var branches = new List<T>();
        for (var set = 1; set < 1 << all.Length; set++)
        {
            List<T> both = [All];
            for (var i = 0; i < all.Length; i++)
            {
                both = (set >> i & 1) == 0 ? both : Product(both, all[i].Branches, Library[schemas[i]].Location, MostBranches)!;
            }

            branches.AddRange(both);
        }

        return (branches, Array.TrueForAll(all, each => each.IsExact));
    }

    // Beside what else holds for the value.
    private (List<T>, bool) OneOf(Schema schema, int[] one, List<T> beside)
    {
        var all = Array.ConvertAll(one, each => Find(Signed.Of(each)));
        var alone = new List<T>();
        var isExact = Array.TrueForAll(all, each => each.IsExact);
        for (var i = 0; i < one.Length; i++)
        {
            var branches = all[i].Branches;
            for (var j = 0; j < one.Length; j++)
            {
                if (i == j || !branches.Exists(branch => all[j].Branches.Exists(other => beside.Exists(each => !Clash(And(And(branch, other), each))))))
                {
                    continue;
                }

                var (refused, isKnown) = Find(Signed.Not(Signed.Of(one[j])));
                var narrowed = isKnown ? Product(branches, refused.ConvertAll(Unseen), schema.Location, Math.Max(MostRefused, branches.Count * 2)) : null;
                if (narrowed is null)
                {
                    isExact = false;
                    Findings.Add("oneOf", schema.Location, $"a value may be as number {i} and as number {j} at once");
                }

                branches = narrowed ?? branches;
            }

            alone.AddRange(branches);
        }

        return (alone, isExact);
    }

    private List<T>? Product(List<T> first, List<T> second, string location, int most)
    {
        if (second is [var only] && only == All)
        {
            return first;
        }

        var product = new List<T>();
        foreach (var branch in first)
        {
            foreach (var other in second)
            {
                var both = And(branch, other);
                if (Clash(both))
                {
                    continue;
                }

                if (product.Count == most)
                {
                    return most < MostBranches ? null
                        : throw new ConstraintException(location, $"has more than {MostBranches} alternatives once all are multiplied out: make it simpler");
                }

                product.Add(both);
            }
        }

        return product;
    }
}
