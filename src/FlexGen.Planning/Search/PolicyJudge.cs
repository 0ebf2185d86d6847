using System.Collections.Concurrent;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Search;

/// <summary>
/// What policies are worth for a request: tokens per second as they are predicted or, where that takes long for so many of them, as they are estimated, of many
/// tokens for sequences of the workload's mean lengths. Of sweeps that could be recorded, were there room for it, <see cref="Issued"/> of the tokens count.
/// </summary>
/// <param name="model">The model on a machine.</param>
/// <param name="request">What is searched for.</param>
internal sealed class PolicyJudge(CostModel model, SearchRequest request)
{
    /// <summary>
    /// What counts of a plan that rests on a GPU and has no room to record its sweeps. Predictions of those hang on how fast operations are issued one by one,
    /// and three runs took 1.4 to 1.7 times as long (results/nvidia-h200-x2/best-of-many.md).
    /// </summary>
    private const double Issued = 0.75;

    /// <summary>Layers of sequences up to which a prediction takes less than a millisecond.</summary>
    private const long Few = 2048;

    /// <summary>Tokens of four times as many sequences as there are slots, up to which these are followed one by one.</summary>
    private const long FewTokens = 200_000;

    /// <summary>Policies that are judged by estimates before the search ends where it is; where it begins at one that was found, a part of them.</summary>
    private const int MostJudged = 450, MostJudgedNear = 150;

    /// <summary>Of the sums of a policy, what those of a neighbour must be to be judged.</summary>
    private const double Hopeful = 0.75;

    /// <summary>Policies that are judged at once.</summary>
    private const int AtOnce = 12;

    /// <summary>Policies that are predicted at once, and how many times so many for one step at the most.</summary>
    private const int PredictedAtOnce = 4, AtMost = 3;

    private readonly Dictionary<Policy, double> known = [];
    private readonly Dictionary<Policy, Prediction> predicted = [];
    private readonly ConcurrentDictionary<Policy, RoundCosts> rounds = [];

    private readonly SequenceLengths mean = new(
        (int)Math.Max(1, Math.Round(request.Workload.MeanPrompt)), (int)Math.Max(1, Math.Round(request.Workload.MeanOutput)));

    /// <summary>Whether all that is judged is predicted.</summary>
    public bool IsExact { get; } = request.Workload.Count * model.Model.Layers.Count <= Few;

    /// <summary>All that were judged, the best first.</summary>
    public IEnumerable<Policy> Best => known.OrderByDescending(k => k.Value).Select(k => k.Key);

    private bool IsSpent => !IsExact && known.Count >= (request.Near is null ? MostJudged : MostJudgedNear);

    /// <summary>What a predicted plan is worth.</summary>
    public static double Worth(Prediction prediction) => Part(prediction.Plan) * prediction.TokensPerSecond;

    /// <summary>What a policy that fits is worth.</summary>
    public double Rate(Policy policy)
    {
        JudgeAll([policy]);
        return known[policy];
    }

    /// <summary>The prediction of a policy that fits.</summary>
    public Prediction Predict(Policy policy)
    {
        PredictAll([policy]);
        return predicted[policy];
    }

    /// <summary>One of some policies that fit, if it is worth more than another: the best of the first few that promise the most and have such a one.</summary>
    public Policy? Better(IEnumerable<Policy> policies, Policy than)
    {
        var rate = Rate(than);
        foreach (var some in Promising(policies, than).Chunk(AtOnce).TakeWhile(_ => !IsSpent))
        {
            JudgeAll(some);
            if (some.MaxBy(Rate) is var found && Rate(found) > rate)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The same by predictions, where policies were judged by estimates.</summary>
    /// <param name="policies">They fit.</param>
    /// <param name="than">The other.</param>
    /// <param name="part">Of what the other is judged to be worth, what one must be to be predicted.</param>
    public Policy? BetterPredicted(IEnumerable<Policy> policies, Policy than, double part)
    {
        var (rate, now) = (Rate(than), Worth(Predict(than)));
        if (IsSpent)
        {
            return null;
        }

        var promising = Promising(policies, than).ToList();
        JudgeAll(promising);
        foreach (var some in promising.FindAll(p => Rate(p) >= part * rate).OrderByDescending(Rate).Chunk(PredictedAtOnce).Take(AtMost))
        {
            PredictAll(some);
            if (some.MaxBy(p => Worth(predicted[p])) is var found && Worth(predicted[found]) > now)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Judges some on several threads.</summary>
    public void JudgeAll(IEnumerable<Policy> policies)
    {
        if (IsExact)
        {
            PredictAll(policies);
            return;
        }

        foreach (var (policy, rate) in Each(policies.Where(p => !known.ContainsKey(p)), p => (p, Judge(p))))
        {
            known.Add(policy, rate);
        }
    }

    /// <summary>Predicts some on several threads.</summary>
    public void PredictAll(IEnumerable<Policy> policies)
    {
        foreach (var prediction in Each(policies.Where(p => !predicted.ContainsKey(p)), p => model.Predict(model.Plan(p), request.Workload, request.Mode)))
        {
            predicted.Add(prediction.Plan.Policy, prediction);
            known.TryAdd(prediction.Plan.Policy, Worth(prediction));
        }
    }

    /// <summary>What becomes of each of some different policies, on several threads, in their order.</summary>
    internal static T[] Each<T>(IEnumerable<Policy> policies, Func<Policy, T> of)
    {
        var all = policies.Distinct().ToArray();
        var results = new T[all.Length];
        Parallel.For(0, all.Length, n => results[n] = of(all[n]));
        return results;
    }

    /// <summary>Those that could be worth more than one, those that promise the most first.</summary>
    private IEnumerable<Policy> Promising(IEnumerable<Policy> policies, Policy than)
    {
        var least = IsExact ? 0 : Hopeful * Sums(than);
        return Each(policies, p => (Policy: p, Sums: Sums(p))).Where(p => p.Sums >= least).OrderByDescending(p => p.Sums).Select(p => p.Policy);
    }

    /// <summary>The tokens per second that a policy's sums promise, latencies and waits left out.</summary>
    private double Sums(Policy policy) =>
        Whole(policy, policy.EffectiveBatchSize * mean.Output / Round(policy).Seconds(Shares.Of(model.Plan(policy))));

    /// <summary>Of whole weights and slots all may rest on the GPU where a share of them should not.</summary>
    private static double Part(PolicyPlan plan) => plan is { Device.IsGpu: true, RecordsDecode: false, Hidden: { OnHost: 0, OnDisk: 0 } }
        && plan.Stages.All(s => s.Weights.BufferBytes == 0 && !s.Cache.HasHomes) ? Issued : 1;

    private RoundCosts Round(Policy policy) => rounds.GetOrAdd(
        policy with { Weights = Placement.AllGpu, Cache = Placement.AllGpu, Hidden = Placement.AllGpu, AttentionOnHost = 0, WeightPages = null },
        whole => new(model, model.Plan(whole), request.Workload));

    private double Judge(Policy policy)
    {
        var plan = model.Plan(policy);
        var isShort = Math.Min(request.Workload.Count, 4L * policy.EffectiveBatchSize) * request.Workload.MeanOutput <= FewTokens;
        var workload = isShort ? request.Workload : Workload.Uniform(mean.Prompt, mean.Output, request.Workload.Count);
        return Part(plan) * model.Estimate(plan, workload, Round(policy).Contention(model.Profile, Shares.Of(plan)), request.Mode);
    }

    /// <summary>Tokens per second of the whole workload, of which the last round may leave slots empty, by those of a round.</summary>
    private double Whole(Policy policy, double ofARound)
    {
        var rounds = (double)request.Workload.Count / policy.EffectiveBatchSize;
        // One of fewer sequences takes less, though not as much less.
        var whole = rounds < 8 ? (Math.Ceiling(rounds) + rounds) / 2 : rounds + 0.25;
        return ofARound * Math.Min(1, rounds / whole);
    }
}
