using FlexGen.Planning.Cost;

namespace FlexGen.Planning.Search;

/// <summary>
/// Finds the policy of the most tokens per second that fits some budgets (Sheng et al. 2023, section 4.3): a <see cref="ShareProgram"/> for each
/// size and number of micro-batches, whose best answers, rounded to what can be placed, the <see cref="CostModel"/> judges; the best of these is then
/// improved step by step. Equal calls give equal answers.
/// </summary>
/// <param name="model">The model on a machine.</param>
public sealed class PolicySearch(CostModel model)
{
    /// <summary>More bytes than any budget has, and few enough for a linear program to reckon with.</summary>
    private const double Plenty = 1L << 50;

    private const int MostSlotsOnGpu = 256, MostSlotsOnCpu = 64;

    /// <summary>Answers of linear programs that the full model judges: the best of all, and the best for each number of micro-batches.</summary>
    private const int Judged = 12, JudgedOfACount = 2;

    /// <summary>Of those, how many are improved.</summary>
    private const int Improved = 2;

    /// <summary>Of all that were judged, how many are held against each other with the workload as it is.</summary>
    private const int Final = 8;

    /// <summary>Rounds of improvement, each of which tries all neighbours of the best so far.</summary>
    private const int Rounds = 6;

    /// <summary>Parts of the budgets that a program is given, one after another, until its rounded answer fits the whole.</summary>
    private static readonly double[] parts = [1, 0.985, 0.96, 0.92, 0.85];

    private static readonly int[] sizes = [1, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256];
    private static readonly int[] counts = [1, 2, 3, 4, 6, 8, 10, 13, 16, 20];

    /// <summary>The best policy; null: none fits.</summary>
    public Prediction? Find(SearchRequest request)
    {
        var (most, tries) = (request.Workload.Count, new Dictionary<Policy, double>());
        var answers = new List<(Policy Policy, double Seconds)>();
        foreach (var count in counts)
        {
            foreach (var size in Sizes(most, count))
            {
                var sized = Sized(request, size, count);
                if ((Solve(request, sized) ?? Solve(request, sized with { RecordsDecode = false })) is { } answer)
                {
                    answers.Add((answer.Policy, answer.Seconds / Math.Min((double)size * count, most)));
                }
            }
        }

        // A program knows nothing of latencies, of which many micro-batches have more: of each number some are judged.
        var ordered = answers.OrderBy(a => a.Seconds).Select(a => a.Policy).ToList();
        var judged = Whole(request).Concat(ordered.Take(Judged)).Concat(ordered.GroupBy(p => p.GpuBatchCount).SelectMany(g => g.Take(JudgedOfACount)))
            .Distinct().OrderByDescending(p => Judge(request, tries, p)).Take(Improved).ToList();
        judged.ForEach(p => Improve(request, tries, p));
        // So far all sequences were of the mean lengths.
        return tries.OrderByDescending(t => t.Value).Take(Final)
            .Select(t => model.Predict(model.Plan(t.Key), request.Workload, request.Mode)).MaxBy(p => p.TokensPerSecond);
    }

    /// <summary>The fewest bytes of a budget with which some policy would fit, the others being as they are; null: no number of bytes would do.</summary>
    public double? Needed(SearchRequest request, MemoryBudget budget)
    {
        if (!Fits(Plenty))
        {
            return null;
        }

        var (low, high) = (0.0, budget.Bytes);
        while (!Fits(high))
        {
            (low, high) = (high, Math.Max(1 << 20, high * 2));
        }

        while (high - low > 1 << 20)
        {
            var middle = (low + high) / 2;
            (low, high) = Fits(middle) ? (low, middle) : (middle, high);
        }

        return high;

        bool Fits(double bytes)
        {
            var changed = request with { Budgets = [.. request.Budgets.Select(b => b == budget ? b with { Bytes = bytes } : b)] };
            return Whole(changed).Any() || Solve(changed, Sized(changed, 1, 1) with { RecordsDecode = false }) is not null;
        }
    }

    private int MostSlots => model.Profile.Compute.IsGpu ? MostSlotsOnGpu : MostSlotsOnCpu;

    private IEnumerable<int> Sizes(long sequences, int count)
    {
        var most = (int)Math.Min(MostSlots, (sequences + count - 1) / count);
        return count > sequences ? [] : sizes.Where(s => s < most).Append(most);
    }

    private Policy Sized(SearchRequest request, int size, int count) => new(size, count, request.SequenceLength)
    {
        CompressWeights = request.CompressWeights,
        CompressCache = request.CompressCache,
        RecordsDecode = model.Profile.Compute.IsGpu && request.Mode.Overlaps,
    };

    /// <summary>Each kind whole on one tier, with as many slots as fit: what no program's answer is near, since a share anywhere costs latencies.</summary>
    private IEnumerable<Policy> Whole(SearchRequest request)
    {
        var (gpu, host, most) = (Placement.AllGpu, new Placement(0, 100), Sizes(request.Workload.Count, 1).Reverse().ToList());
        foreach (var weights in new[] { gpu, host })
        {
            foreach (var (cache, attention) in new[] { (gpu, 0), (host, 0), (host, 100) })
            {
                var policies = most.Select(s => Sized(request, s, 1) with { Weights = weights, Cache = cache, AttentionOnHost = attention });
                if (policies.Select(p => Fitting(request, p)).FirstOrDefault(p => p is not null) is { } fits)
                {
                    yield return fits;
                }
            }
        }
    }

    /// <summary>A program's answer, as it can be placed, and the seconds of a round.</summary>
    private (Policy Policy, double Seconds)? Solve(SearchRequest request, Policy sized)
    {
        var program = new ShareProgram(model, request.Workload, sized, request.HasDisk);
        foreach (var part in parts)
        {
            if (program.Solve([.. request.Budgets.Select(b => b with { Bytes = b.Bytes * part })]) is not { } shares)
            {
                return null;
            }

            if (Fitting(request, Rounded(sized, shares)) is { } policy)
            {
                return (policy, shares.Seconds);
            }
        }

        return null;
    }

    /// <summary>
    /// The policy as it fits the budgets: where recorded sweeps do not, without them; where hidden states do not, with them in host memory; null: it
    /// does not.
    /// </summary>
    private Policy? Fitting(SearchRequest request, Policy policy)
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

    private static Policy Rounded(Policy sized, Shares shares)
    {
        var (size, count) = (sized.GpuBatchSize, sized.GpuBatchCount);
        return sized with
        {
            Weights = PlacementOf(shares.Weights, 100),
            Cache = PlacementOf(shares.Cache, size),
            Hidden = PlacementOf(shares.Hidden, count),
            AttentionOnHost = Math.Round(100 * shares.AttentionOnHost),
        };
    }

    /// <summary>Shares in whole things, rather fewer on the scarcer tier.</summary>
    private static Placement PlacementOf((double Gpu, double Host) shares, int things)
    {
        const double Exact = 1e-6;
        var gpu = (int)Math.Floor((shares.Gpu * things) + Exact);
        var disk = (int)Math.Max(0, Math.Ceiling(((1 - shares.Gpu - shares.Host) * things) - Exact));
        return WholeParts.Placement(gpu, Math.Max(0, things - gpu - disk), things);
    }

    /// <summary>Tokens per second of a policy that fits, where all sequences are of the workload's mean lengths.</summary>
    private double Judge(SearchRequest request, Dictionary<Policy, double> tries, Policy policy)
    {
        if (!tries.TryGetValue(policy, out var found))
        {
            var plan = model.Plan(policy);
            var mean = Workload.Uniform(
                (int)Math.Max(1, Math.Round(request.Workload.MeanPrompt)), (int)Math.Max(1, Math.Round(request.Workload.MeanOutput)),
                Math.Min(request.Workload.Count, policy.EffectiveBatchSize));
            tries.Add(policy, found = Rate(request, policy, model.Predict(plan, mean, request.Mode)));
        }

        return found;
    }

    /// <summary>Tokens per second of the whole workload, of which the last round may leave slots empty.</summary>
    private static double Rate(SearchRequest request, Policy policy, Prediction round)
    {
        var rounds = (double)request.Workload.Count / policy.EffectiveBatchSize;
        var whole = rounds < 8 ? Math.Ceiling(rounds) : rounds + 0.5;
        return round.TokensPerSecond * Math.Min(1, rounds / whole);
    }

    private void Improve(SearchRequest request, Dictionary<Policy, double> tries, Policy policy)
    {
        var records = Sized(request, 1, 1).RecordsDecode;
        for (var round = 0; round < Rounds; round++)
        {
            var now = Judge(request, tries, policy);
            var neighbours = PolicyNeighbours.Of(policy with { RecordsDecode = records }, MostSlots, request.Workload.Count, request.HasDisk)
                .Select(p => Fitting(request, p)).OfType<Policy>().ToList();
            var better = neighbours.Count > 0 ? neighbours.MaxBy(p => Judge(request, tries, p)) : policy;
            if (Judge(request, tries, better) <= now)
            {
                break;
            }

            policy = better;
        }
    }
}
