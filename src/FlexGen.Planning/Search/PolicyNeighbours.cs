namespace FlexGen.Planning.Search;

/// <summary>Policies that differ a little from one.</summary>
internal static class PolicyNeighbours
{
    private static readonly int[] attention = [-30, -10, 10, 30];

    /// <param name="policy">The one.</param>
    /// <param name="mostSlots">Of a micro-batch.</param>
    /// <param name="sequences">That there are: more slots would stay empty.</param>
    /// <param name="hasDisk">Whether something may rest on disk.</param>
    public static IEnumerable<Policy> Of(Policy policy, int mostSlots, long sequences, bool hasDisk) =>
        Sizes(policy).Concat(Moves(policy, hasDisk)).Concat(Trades(policy, hasDisk)).Concat(Switches(policy))
            .Where(p => p.GpuBatchSize >= 1 && p.GpuBatchSize <= mostSlots && p.GpuBatchCount >= 1
                && (p.EffectiveBatchSize <= sequences || p.EffectiveBatchSize <= policy.EffectiveBatchSize));

    private static IEnumerable<Policy> Sizes(Policy policy)
    {
        var (size, count) = (policy.GpuBatchSize, policy.GpuBatchCount);
        foreach (var step in new[] { -Far(size), -1, 1, Far(size) }.Distinct())
        {
            yield return policy with { GpuBatchSize = size + step };
        }

        yield return policy with { GpuBatchCount = count - 1 };
        yield return policy with { GpuBatchCount = count + 1 };
    }

    private static IEnumerable<Policy> Moves(Policy policy, bool hasDisk)
    {
        foreach (var step in new[] { 1, 6, 25 })
        {
            foreach (var weights in Moved(policy.Weights, 100, step, hasDisk))
            {
                yield return policy with { Weights = weights };
            }
        }

        foreach (var step in new[] { 1, Far(policy.GpuBatchSize) }.Distinct())
        {
            foreach (var cache in Moved(policy.Cache, policy.GpuBatchSize, step, hasDisk))
            {
                yield return policy with { Cache = cache };
            }
        }
    }

    /// <summary>What one kind gives up on a tier another takes: more slots for fewer weights, cache for weights.</summary>
    private static IEnumerable<Policy> Trades(Policy policy, bool hasDisk)
    {
        foreach (var step in new[] { 1, Far(policy.GpuBatchSize) }.Distinct())
        {
            foreach (var weights in Moved(policy.Weights, 100, 5, hasDisk))
            {
                yield return policy with { Weights = weights, GpuBatchSize = policy.GpuBatchSize + step };
                yield return policy with { Weights = weights, GpuBatchSize = policy.GpuBatchSize - step };
                foreach (var cache in Moved(policy.Cache, policy.GpuBatchSize, step, hasDisk))
                {
                    yield return policy with { Weights = weights, Cache = cache };
                }
            }
        }
    }

    private static IEnumerable<Policy> Switches(Policy policy)
    {
        yield return policy with { WeightPages = policy.WeightPages is null && policy.GpuBatchCount > 1 ? 1 : null };
        yield return policy with { Hidden = policy.Hidden == Placement.AllGpu ? new(0, 100) : Placement.AllGpu };
        foreach (var step in attention.Where(_ => policy.Cache != Placement.AllGpu))
        {
            yield return policy with { AttentionOnHost = Math.Clamp(policy.AttentionOnHost + step, 0, 100) };
        }
    }

    private static int Far(int size) => Math.Max(2, size / 8);

    private static IEnumerable<Placement> Moved(Placement placement, int things, int step, bool hasDisk)
    {
        var (gpu, host, disk) = placement.Split(things);
        foreach (var (onGpu, onHost, onDisk) in new[] { (-1, 1, 0), (1, -1, 0), (0, -1, 1), (0, 1, -1), (-1, 0, 1), (1, 0, -1) })
        {
            var (g, h, d) = (gpu + (onGpu * step), host + (onHost * step), disk + (onDisk * step));
            if (Math.Min(g, Math.Min(h, d)) >= 0 && (onDisk == 0 || hasDisk))
            {
                yield return WholeParts.Placement(g, h, things);
            }
        }
    }
}
