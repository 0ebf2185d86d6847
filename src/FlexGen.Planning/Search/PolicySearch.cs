using System.Numerics;
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
    /// <summary>
    /// Of one micro-batch on a GPU, and on a CPU, which is busy with 256: more of them only have rules wait for each other (the demo took 17 s with 1,000).
    /// </summary>
    private const int MostOnGpu = 1024, MostOnCpu = 256;

    /// <summary>Answers of linear programs that the full model judges: the best of all, and the best for each number of micro-batches.</summary>
    private const int Judged = 12, JudgedOfACount = 2;

    /// <summary>Of those, how many are improved: the best of all, and of each sort, since small steps from one to another make it worse first.</summary>
    private const int Improved = 2;

    /// <summary>Of the best, what the best of a sort must have to be improved.</summary>
    private const double Hopeful = 0.6;

    /// <summary>Of all that were judged, how many are held against each other with the workload as it is.</summary>
    private const int Final = 8;

    /// <summary>Of the best, what the best of about as many slots must have to be held against it with the workload as it is.</summary>
    private const double Even = 0.6;

    /// <summary>Steps of improvement, each to a better neighbour: more than there were ever.</summary>
    private const int Rounds = 100;

    /// <summary>Of those, how many are taken from each start before the best goes on.</summary>
    private const int FirstRounds = 8;

    /// <summary>Of the best by estimates, what a neighbour must have to be predicted.</summary>
    private const double Close = 0.99;

    /// <summary>Parts of the budgets that a program is given, one after another, until its rounded answer fits the whole.</summary>
    private static readonly double[] parts = [1, 0.985, 0.96, 0.92, 0.85, 0.7, 0.5];

    private static readonly int[] sizes =
    [
        1, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, MostOnGpu,
    ];

    private static readonly int[] counts = [1, 2, 3, 4, 6, 8, 10, 13, 16, 20];

    /// <summary>The best policy; null: none fits.</summary>
    public Prediction? Find(SearchRequest request)
    {
        var (most, judge) = (request.Workload.Count, new PolicyJudge(model, request));
        var sized = counts.SelectMany(count => Sizes(most, count).Select(size => Sized(request, size, count))).Where(p => IsNear(request, p));
        var answers = PolicyJudge.Each(sized, p => Solve(request, p) ?? Solve(request, p with { RecordsDecode = false }))
            .OfType<(Policy Policy, double Seconds)>().Select(a => (a.Policy, Seconds: a.Seconds / Math.Min((double)a.Policy.EffectiveBatchSize, most)));

        // A program knows nothing of latencies, of which many micro-batches have more: of each number some are judged.
        var ordered = answers.OrderBy(a => a.Seconds).Select(a => a.Policy).ToList();
        var judged = Whole(request).Concat(ordered.Take(Judged)).Concat(ordered.GroupBy(p => p.GpuBatchCount).SelectMany(g => g.Take(JudgedOfACount)))
            .Distinct().ToList();
        judge.JudgeAll(judged);
        var best = judge.Best.ToList();
        if (request.Near is { } near)
        {
            var start = near with { CompressWeights = request.CompressWeights, CompressCache = request.CompressCache, SequenceLength = request.SequenceLength };
            var starts = best.Take(1).Concat(new[] { Fit(request).Fitting(start) }.OfType<Policy>()).Concat(Fit(request).Filled(start));
            judge.JudgeAll(starts);
            return Held(request, judge);
        }

        var ofASort = best.GroupBy(Sort).Select(s => s.First()).Concat(judge.IsExact ? best.GroupBy(p => p.GpuBatchCount).Select(s => s.First()) : []);
        best.Take(Improved).Concat(ofASort.Where(p => judge.Rate(p) > Hopeful * judge.Rate(best[0]))).Distinct().ToList()
            .ForEach(p => Improve(request, judge, p, judge.IsExact ? Rounds : FirstRounds));
        return Held(request, judge);
    }

    /// <summary>Whether a policy has about as many slots as the one that is searched from.</summary>
    private static bool IsNear(SearchRequest request, Policy sized) => request.Near is not { } near
        || (sized.GpuBatchCount * 2 >= near.GpuBatchCount && sized.GpuBatchCount <= near.GpuBatchCount * 2
            && sized.EffectiveBatchSize * 3L >= near.EffectiveBatchSize && sized.EffectiveBatchSize <= near.EffectiveBatchSize * 4L);

    /// <summary>
    /// The best by predictions of those that were judged, once the best of all is improved, and of each sort, since neighbours of one policy are alike, and
    /// where there were estimates what works beside what was taken from sums.
    /// </summary>
    private Prediction? Held(SearchRequest request, PolicyJudge judge)
    {
        foreach (var found in judge.Best.Take(1).ToList())
        {
            _ = judge.IsExact ? Exhaust(request, judge, found) : Improve(request, judge, found, Rounds);
        }

        var best = judge.Best.ToList();
        var even = best.Where(p => judge.Rate(p) > Even * judge.Rate(best[0]));
        var alike = even.GroupBy(p => BitOperations.Log2((uint)p.EffectiveBatchSize)).Select(s => s.First());
        var finalists = best.Take(Final).Concat(best.GroupBy(Sort).Select(s => s.First())).Concat(alike).Distinct().ToList();
        judge.PredictAll(finalists);
        if (!judge.IsExact && finalists.Count > 0)
        {
            var policy = finalists.MaxBy(p => PolicyJudge.Worth(judge.Predict(p)));
            finalists.AddRange(
                Steps(policy, Rounds, p => judge.BetterPredicted([.. Improve(request, judge, p, Rounds), .. Fit(request).Near(p, MostSlots)], p, Close)));
        }

        return finalists.Select(judge.Predict).MaxBy(PolicyJudge.Worth);
    }

    /// <summary>Whether some policy fits, were it with one slot.</summary>
    internal bool Fits(SearchRequest request) => Whole(request).Any() || Solve(request, Sized(request, 1, 1) with { RecordsDecode = false }) is not null;

    private PolicyFit Fit(SearchRequest request) => new(model, request);

    private int MostSlots => model.Profile.Compute.IsGpu ? MostOnGpu : MostOnCpu;

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
        var (gpu, host, disk) = (Placement.AllGpu, new Placement(0, 100), new Placement(0, 0));
        var (devices, tiers) = (model.Profile.DeviceCount, request.HasDisk ? new[] { gpu, host, disk } : [gpu, host]);
        // Several devices are at work at once with as many micro-batches, or more.
        foreach (var (count, weights) in new[] { 1, devices, 2 * devices }.Distinct().SelectMany(c => tiers.Select(t => (c, t))))
        {
            var sizes = Sizes(request.Workload.Count, count).ToList();
            foreach (var (cache, attention) in tiers.SelectMany(t => t == gpu ? new[] { (t, 0) } : [(t, 0), (t, 100)]).Where(_ => sizes.Count > 0))
            {
                var policies = sizes.Select(s => Sized(request, s, count) with { Weights = weights, Cache = cache, AttentionOnHost = attention }).ToList();
                if (Largest(policies, p => Fit(request).Fitting(p)) is { } fits)
                {
                    yield return fits;
                    // Recorded sweeps may be worth more than some slots.
                    if (policies[0].RecordsDecode && !fits.RecordsDecode
                        && Largest(policies, p => Fit(request).Fitting(p) is { RecordsDecode: true } whole ? whole : null) is { } recorded)
                    {
                        yield return recorded;
                    }
                }
            }
        }

        // More slots take more memory.
        static Policy? Largest(List<Policy> rising, Func<Policy, Policy?> fitting)
        {
            var (low, high) = (-1, rising.Count);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                (low, high) = fitting(rising[middle]) is null ? (low, middle) : (middle, high);
            }

            return low < 0 ? null : fitting(rising[low]);
        }
    }

    /// <summary>A program's answer, as it can be placed, and the seconds of a round.</summary>
    private (Policy Policy, double Seconds)? Solve(SearchRequest request, Policy sized)
    {
        var (program, fit, first) = (new ShareProgram(model, request.Workload, sized, request.HasDisk), Fit(request), (Shares?)null);
        foreach (var part in parts)
        {
            if (program.Solve([.. request.Budgets.Select(b => b with { Bytes = b.Bytes * part })]) is not { } shares)
            {
                break;
            }

            first ??= shares;
            if (fit.Fitting(Rounded(sized, shares)) is { } policy)
            {
                return (policy, shares.Seconds);
            }
        }

        // Where a budget is just enough a part of it is not: what is rounded up gives way.
        return first is { } whole && fit.Filled(Rounded(sized, whole)).Select(p => (Policy?)p).FirstOrDefault() is { } filled ? (filled, whole.Seconds) : null;
    }

    /// <summary>
    /// Where most of the cache is attended to, whether weights are streamed, whether there is more than one micro-batch, and whether sweeps are recorded.
    /// </summary>
    private static (bool CacheAway, bool AttendsOnHost, bool Streams, bool TakesTurns, bool Records) Sort(Policy policy) => (
        policy.Cache.Gpu < 50, policy.Cache.Gpu < 100 && policy.AttentionOnHost >= 50, policy.Weights != Placement.AllGpu, policy.GpuBatchCount > 1,
        policy is { RestsOnDevices: true, RecordsDecode: true });

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

    /// <summary>The policies from one to the best that is near by what they are judged to be worth.</summary>
    private List<Policy> Improve(SearchRequest request, PolicyJudge judge, Policy policy, int rounds) =>
        [.. Steps(policy, rounds, p => judge.Better(Fit(request).Near(p, MostSlots), p))];

    /// <summary>
    /// The same where all is predicted, of few sequences, the last of which may leave slots empty: any size and number of micro-batches is near, once nothing
    /// else is better.
    /// </summary>
    private List<Policy> Exhaust(SearchRequest request, PolicyJudge judge, Policy policy) =>
        [.. Steps(policy, Rounds, p => judge.Better(Fit(request).Near(p, MostSlots), p) ?? judge.Better(Fit(request).OfAnySize(p, MostSlots), p))];

    /// <summary>From a policy to a better one and so on, as long as there is one.</summary>
    private static IEnumerable<Policy> Steps(Policy policy, int rounds, Func<Policy, Policy?> better)
    {
        for (var round = 0; round < rounds && better(policy) is { } next; round++)
        {
            yield return policy = next;
        }
    }
}
