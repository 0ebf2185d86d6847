using CsCheck;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Search;
using FlexGen.Planning.Tests.Cost;

namespace FlexGen.Planning.Tests.Search;

/// <summary>What may be searched: budgets from what is just enough to more than there is use for.</summary>
internal static class Searches
{
    public static Gen<(CostModel Model, SearchRequest Request)> All { get; } =
        from outline in Cases.Models
        from machine in Machines.All
        from room in Gen.Int[8, 200]
        from workload in Cases.Workloads(room)
        from budgets in Gen.Select(Gen.Double[0, 1], Gen.Double[0, 1.5], Gen.Bool)
        from compress in Gen.Int[0, 3]
        from overlaps in Gen.Frequency((5, true), (1, false))
        let model = new CostModel(outline, Machines.For(outline, machine))
        select (model, Request(model, workload, room, budgets.Item1, budgets.Item2, budgets.Item3, compress, overlaps));

    /// <summary>
    /// Tries so many draws, the same each time; FLEXGEN_SEARCHES=new takes others. Models have one to four layers, of which a weight more or less on a tier is a
    /// large part.
    /// </summary>
    public static void Each<T>(this Gen<T> draws, int count, Action<T> attempt)
    {
        var isNew = Environment.GetEnvironmentVariable("FLEXGEN_SEARCHES") is "new";
        for (var n = 1u; n <= count; n++)
        {
            // A seed is for the first of a sample's draws alone.
            draws.Sample(attempt, iter: 1, threads: 1, seed: isNew ? null : new PCG(n, n).ToString());
        }
    }

    /// <summary>The same with one budget larger.</summary>
    public static SearchRequest Larger(SearchRequest request, int budget, double times) =>
        request with { Budgets = [.. request.Budgets.Select((b, n) => n == budget ? b with { Bytes = b.Bytes * times } : b)] };

    /// <param name="model">The model on a machine.</param>
    /// <param name="workload">Lengths.</param>
    /// <param name="room">Of a slot.</param>
    /// <param name="gpu">Memory of the compute device, from what computing with one slot takes (0) to what everything would (1).</param>
    /// <param name="host">Likewise host memory.</param>
    /// <param name="disk">Whether there is one.</param>
    /// <param name="compress">Weights (1), KV cache (2).</param>
    /// <param name="overlaps">The schedule.</param>
    private static SearchRequest Request(CostModel model, Workload workload, int room, double gpu, double host, bool disk, int compress, bool overlaps)
    {
        var (weights, cache) = ((Compression)(compress & 1), (Compression)(compress >> 1));
        var one = new Policy(1, 1, room) { CompressWeights = weights, CompressCache = cache };
        var away = model.Plan(one with { Weights = new(0, 0), Cache = new(0, 0), Hidden = new(0, 0) }).Bytes;
        var many = one with { GpuBatchSize = 20 };
        var onGpu = model.Plan(many).Bytes;
        var onHost = model.Plan(many with { Weights = new(0, 100), Cache = new(0, 100), Hidden = new(0, 100) }).Bytes;
        double ofGpu = Between(away[Tier.Gpu], onGpu[Tier.Gpu], gpu), ofHost = Between(away[Tier.Host], onHost[Tier.Host], host);
        var budgets = model.Profile.Compute.IsGpu
            ? new List<MemoryBudget> { new("GPU memory", [Tier.Gpu], ofGpu), new("host memory", [Tier.Host], ofHost) }
            : [new("host memory", [Tier.Gpu, Tier.Host], ofGpu + ofHost)];
        if (disk)
        {
            budgets.Add(new("the disk", [Tier.Disk], model.Profile.DiskBytes));
        }

        return new(workload, budgets, room) { CompressWeights = weights, CompressCache = cache, Mode = new(overlaps) };

        static double Between(double low, double high, double share) => low + ((high - low) * share);
    }
}
