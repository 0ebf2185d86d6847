using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Search;

/// <summary>Policies that differ a little from one.</summary>
/// <param name="policy">The one.</param>
/// <param name="mostSlots">Of a micro-batch.</param>
/// <param name="sequences">That there are: more slots would stay empty.</param>
/// <param name="hasDisk">Whether something may rest on disk.</param>
/// <param name="plan">What a policy makes of the model.</param>
internal sealed class PolicyNeighbours(Policy policy, int mostSlots, long sequences, bool hasDisk, Func<Policy, PolicyPlan> plan)
{
    private static readonly int[] attention = [-30, -10, -3, 3, 10, 30, -100, 100], shares = [6, 25, All];

    /// <summary>Of any number of micro-batches, the most, and the most rounds.</summary>
    private const int MostCount = 32, MostRounds = 4;

    /// <summary>In place of a number of things: as many as there are.</summary>
    private const int All = int.MaxValue;

    private static readonly (int Gpu, int Host, int Disk)[] directions = [(-1, 1, 0), (1, -1, 0), (0, -1, 1), (0, 1, -1), (-1, 0, 1), (1, 0, -1)];

    /// <summary>Those that are to be taken as they are.</summary>
    public IEnumerable<Policy> Moved => Some(Sizes().Concat(Weights()).Concat(Caches()).Concat(Switches()));

    /// <summary>Those that take more or less beside the weights, which then are to fill what is left: slots, or cache, for weights.</summary>
    public IEnumerable<Policy> Resized => Some(Sizes().Concat(Caches()).Append(policy).Append(policy with { Cache = Placement.AllGpu }).Concat(Traded()));

    /// <summary>Those of micro-batches of any size, and those of any number of micro-batches that a few rounds of all sequences fill.</summary>
    public IEnumerable<Policy> OfAnySize => Some(
        Enumerable.Range(1, (int)Math.Min(mostSlots, sequences)).Select(size => policy with { GpuBatchSize = size }).Concat(
            from count in Enumerable.Range(1, (int)Math.Min(MostCount, sequences))
            from round in Enumerable.Range(1, MostRounds)
            select policy with { GpuBatchCount = count, GpuBatchSize = (int)Math.Min(mostSlots, Math.Ceiling((double)sequences / round / count)) })).Distinct();

    /// <summary>Those of more or fewer slots, of whose cache then as much is to be in memory as there is room for.</summary>
    public IEnumerable<Policy> Sized => Some(Sizes());

    private IEnumerable<Policy> Some(IEnumerable<Policy> policies) => policies.Where(
        p => p.GpuBatchSize >= 1 && p.GpuBatchSize <= mostSlots && p.GpuBatchCount >= 1
            && (IsFilled(p) || (!IsFilled(policy) && p.EffectiveBatchSize <= policy.EffectiveBatchSize)));

    /// <summary>Whether all slots are in use at first, but for fewer than there are micro-batches.</summary>
    private bool IsFilled(Policy any) => (any.GpuBatchSize - 1L) * any.GpuBatchCount < sequences;

    private IEnumerable<Policy> Sizes()
    {
        var (size, count) = (policy.GpuBatchSize, policy.GpuBatchCount);
        foreach (var step in new[] { 1, 2, 3, (int)Math.Sqrt(3 * Far(size)), Far(size) }.Distinct())
        {
            yield return policy with { GpuBatchSize = size + step };
            yield return policy with { GpuBatchSize = size - step };
        }

        yield return policy with { GpuBatchCount = count - 1 };
        yield return policy with { GpuBatchCount = count + 1 };
    }

    /// <summary>As many slots, in more or fewer micro-batches.</summary>
    private IEnumerable<Policy> Traded()
    {
        var now = policy.GpuBatchCount;
        foreach (var count in new[] { now / 4, now / 2, now - 1, now + 1, now * 2, now * 4 }.Where(c => c > 0))
        {
            yield return policy with { GpuBatchCount = count, GpuBatchSize = policy.EffectiveBatchSize / count };
        }
    }

    private IEnumerable<Policy> Weights() => directions.Select(Next)
        .Concat(shares.SelectMany(step => directions.Select(direction => Move(policy.Weights, 100, step, direction))))
        .OfType<Placement>().Select(weights => policy with { Weights = weights });

    /// <summary>The nearest placement in a direction that moves a weight, in whole per cents; null: there is none.</summary>
    private Placement? Next((int Gpu, int Host, int Disk) direction)
    {
        var now = On(policy.Weights);
        for (var step = 1; Move(policy.Weights, 100, step, direction) is { } moved; step++)
        {
            if (On(moved) != now)
            {
                return moved;
            }
        }

        return null;

        (double Gpu, double Host, double Disk) On(Placement weights)
        {
            var bytes = plan(policy with { Weights = weights }).Bytes;
            return (bytes[Tier.Gpu, Purpose.Weights], bytes[Tier.Host, Purpose.Weights], bytes[Tier.Disk, Purpose.Weights]);
        }
    }

    private IEnumerable<Policy> Caches() => new[] { 1, Far(policy.GpuBatchSize), All }.Distinct()
        .SelectMany(step => directions.Select(direction => Move(policy.Cache, policy.GpuBatchSize, step, direction))).OfType<Placement>()
        .Select(cache => policy with { Cache = cache });

    private IEnumerable<Policy> Switches()
    {
        yield return policy with { WeightPages = policy.WeightPages is null && policy.GpuBatchCount > 1 ? 1 : null };
        yield return policy with { Hidden = policy.Hidden == Placement.AllGpu ? new(0, 100) : Placement.AllGpu };
        foreach (var cache in new[] { new Placement(0, 100), new Placement(0, 0) }.Where(c => c.Host > 0 || hasDisk))
        {
            yield return policy with { Cache = cache, AttentionOnHost = 0 };
            yield return policy with { Cache = cache, AttentionOnHost = 100 };
        }

        var away = policy.GpuBatchSize - policy.Cache.Split(policy.GpuBatchSize).Gpu;
        var attended = Math.Round(away * policy.AttentionOnHost / 100);
        foreach (var percent in away > 0 ? attention.Select(step => policy.AttentionOnHost + step).Concat([One(-1), One(1)]) : [])
        {
            yield return policy with { AttentionOnHost = Math.Clamp(percent, 0, 100) };
        }

        double One(int slot) => Math.Round(100 * (attended + slot) / away);
    }

    private static int Far(int size) => Math.Max(2, size / 8);

    /// <summary>So many things moved; null: there are not so many to move, or there is no place for them.</summary>
    private Placement? Move(Placement placement, int things, int step, (int Gpu, int Host, int Disk) direction)
    {
        var (gpu, host, disk) = placement.Split(things);
        var there = direction.Gpu < 0 ? gpu : direction.Host < 0 ? host : disk;
        step = step == All ? there : step;
        (gpu, host) = (gpu + (direction.Gpu * step), host + (direction.Host * step));
        return step > 0 && step <= there && (direction.Disk == 0 || hasDisk) ? WholeParts.Placement(gpu, host, things) : null;
    }
}
