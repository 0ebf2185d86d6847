namespace FlexGen.Planning.Search;

/// <summary>Policies that differ a little from one.</summary>
/// <param name="policy">The one.</param>
/// <param name="mostSlots">Of a micro-batch.</param>
/// <param name="sequences">That there are: more slots would stay empty.</param>
/// <param name="hasDisk">Whether something may rest on disk.</param>
internal sealed class PolicyNeighbours(Policy policy, int mostSlots, long sequences, bool hasDisk)
{
    private static readonly int[] attention = [-30, -10, 10, 30], shares = [1, 6, 25];

    /// <summary>Those that are to be taken as they are.</summary>
    public IEnumerable<Policy> Moved => Some(Sizes().Concat(Weights()).Concat(Caches()).Concat(Switches()));

    /// <summary>Those that take more or less beside the weights, which then are to fill what is left: slots, or cache, for weights.</summary>
    public IEnumerable<Policy> Resized => Some(Sizes().Concat(Caches()).Append(policy).Append(policy with { Cache = Placement.AllGpu }).Concat(Traded()));

    private IEnumerable<Policy> Some(IEnumerable<Policy> policies) => policies.Where(
        p => p.GpuBatchSize >= 1 && p.GpuBatchSize <= mostSlots && p.GpuBatchCount >= 1
            && (p.EffectiveBatchSize <= sequences || p.EffectiveBatchSize <= policy.EffectiveBatchSize));

    private IEnumerable<Policy> Sizes()
    {
        var (size, count) = (policy.GpuBatchSize, policy.GpuBatchCount);
        foreach (var step in new[] { -Far(size), -1, 1, Far(size) }.Distinct())
        {
            yield return policy with { GpuBatchSize = size + step };
        }

        yield return policy with { GpuBatchCount = count - 1 };
        yield return policy with { GpuBatchCount = count + 1 };
    }

    /// <summary>As many slots, in more or fewer micro-batches.</summary>
    private IEnumerable<Policy> Traded()
    {
        var now = policy.GpuBatchCount;
        foreach (var count in new[] { now / 2, now - 1, now + 1, now * 2 }.Where(c => c > 0))
        {
            yield return policy with { GpuBatchCount = count, GpuBatchSize = policy.EffectiveBatchSize / count };
        }
    }

    private IEnumerable<Policy> Weights() =>
        shares.SelectMany(step => Moves(policy.Weights, 100, step)).Select(weights => policy with { Weights = weights });

    private IEnumerable<Policy> Caches() => new[] { 1, Far(policy.GpuBatchSize) }.Distinct()
        .SelectMany(step => Moves(policy.Cache, policy.GpuBatchSize, step)).Select(cache => policy with { Cache = cache });

    private IEnumerable<Policy> Switches()
    {
        yield return policy with { WeightPages = policy.WeightPages is null && policy.GpuBatchCount > 1 ? 1 : null };
        yield return policy with { Hidden = policy.Hidden == Placement.AllGpu ? new(0, 100) : Placement.AllGpu };
        foreach (var step in attention.Where(_ => policy.Cache != Placement.AllGpu))
        {
            yield return policy with { AttentionOnHost = Math.Clamp(policy.AttentionOnHost + step, 0, 100) };
        }
    }

    private static int Far(int size) => Math.Max(2, size / 8);

    private IEnumerable<Placement> Moves(Placement placement, int things, int step)
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
