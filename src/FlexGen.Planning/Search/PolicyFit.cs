using FlexGen.Planning.Cost;

namespace FlexGen.Planning.Search;

/// <summary>Policies as they fit a request's budgets.</summary>
/// <param name="model">The model on a machine.</param>
/// <param name="request">What is searched for.</param>
internal sealed class PolicyFit(CostModel model, SearchRequest request)
{
    /// <summary>
    /// The policy as it fits the budgets: where recorded sweeps do not, without them; where hidden states do not, with them in host memory; null: it
    /// does not.
    /// </summary>
    public Policy? Fitting(Policy policy)
    {
        policy = policy.Cache == Placement.AllGpu ? policy with { AttentionOnHost = 0 } : policy;
        foreach (var tried in new[] { policy, policy with { RecordsDecode = false }, policy with { RecordsDecode = false, Hidden = new(0, 100) } })
        {
            var plan = model.Plan(tried);
            if (request.Budgets.All(b => b.Holds(plan)))
            {
                return tried;
            }
        }

        return null;
    }

    /// <summary>
    /// The policy with as many of the weights on the compute device as fit beside all else, and of the rest as many in host memory; and with all of them there,
    /// which takes no buffers for any. None: nothing fits.
    /// </summary>
    public IEnumerable<Policy> Filled(Policy policy)
    {
        if (Fitting(policy with { Weights = Placement.AllGpu }) is { } whole)
        {
            return [whole];
        }

        var gpu = Most(100, n => new(n, 100 - n), Tier.Gpu);
        var host = request.HasDisk ? Most(100 - gpu, n => new(gpu, n), Tier.Host) : 100 - gpu;
        return Fitting(policy with { Weights = new(gpu, host) }) is { } filled ? [filled] : [];

        int Most(int most, Func<int, Placement> weights, Tier tier)
        {
            var (low, high) = (0, most + 1);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                var plan = model.Plan(policy with { Weights = weights(middle) });
                (low, high) = request.Budgets.Where(b => b.Tiers.Contains(tier)).All(b => b.Holds(plan)) ? (middle, high) : (low, middle);
            }

            return low;
        }
    }

    /// <summary>The policy with as much of the cache as fits in host memory, beside what is on the compute device; null: nothing fits.</summary>
    private Policy? Spilled(Policy policy)
    {
        var (slots, gpu) = (policy.GpuBatchSize, policy.Cache.Split(policy.GpuBatchSize).Gpu);
        var (low, high, found) = (-1, slots - gpu + 1, (Policy?)null);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            var fits = Fitting(policy with { Cache = WholeParts.Placement(gpu, middle, slots) });
            (low, high, found) = fits is null ? (low, middle, found) : (middle, high, fits);
        }

        return found;
    }

    /// <summary>Those that differ a little from one.</summary>
    /// <param name="policy">The one.</param>
    /// <param name="mostSlots">Of a micro-batch.</param>
    public IEnumerable<Policy> Near(Policy policy, int mostSlots)
    {
        var near = Around(policy, mostSlots);
        return near.Moved.Select(Fitting).OfType<Policy>().Concat(near.Resized.SelectMany(Filled))
            .Concat(request.HasDisk ? near.Sized.Select(Spilled).OfType<Policy>() : []);
    }

    /// <summary>Those of micro-batches of any size and number.</summary>
    /// <inheritdoc cref="Near"/>
    public IEnumerable<Policy> OfAnySize(Policy policy, int mostSlots) =>
        Around(policy, mostSlots).OfAnySize.SelectMany(p => Filled(p).Concat(request.HasDisk && Spilled(p) is { } spilled ? [spilled] : []));

    private PolicyNeighbours Around(Policy policy, int mostSlots) => new(
        policy with { RecordsDecode = model.Profile.Compute.IsGpu && request.Mode.Overlaps }, mostSlots, request.Workload.Count, request.HasDisk, model.Plan);
}
