using System.Collections.Concurrent;
using FlexGen.Planning.Cost;

namespace FlexGen.Planning.Search;

/// <summary>
/// What policies are worth for a request: tokens per second by the full model where all sequences are of the workload's mean lengths. Of several, it
/// looks at those first that promise the most by what they keep busy, and at no others once one is better than they could be.
/// </summary>
/// <param name="model">The model on a machine.</param>
/// <param name="request">What is searched for.</param>
internal sealed class PolicyJudge(CostModel model, SearchRequest request)
{
    /// <summary>What a round's costs, which are of mean lengths and of no latencies, may be too high by.</summary>
    private const double Slack = 1.1;

    /// <summary>Policies that are judged at once.</summary>
    private const int AtOnce = 4;

    private readonly Dictionary<Policy, double> known = [];
    private readonly ConcurrentDictionary<Policy, RoundCosts> rounds = [];

    private readonly SequenceLengths mean = new(
        (int)Math.Max(1, Math.Round(request.Workload.MeanPrompt)), (int)Math.Max(1, Math.Round(request.Workload.MeanOutput)));

    /// <summary>All that were judged, the best first.</summary>
    public IEnumerable<Policy> Best => known.OrderByDescending(k => k.Value).Select(k => k.Key);

    /// <summary>Tokens per second of a policy that fits.</summary>
    public double Rate(Policy policy)
    {
        if (!known.TryGetValue(policy, out var rate))
        {
            known.Add(policy, rate = Judge(policy));
        }

        return rate;
    }

    /// <summary>The best of some policies that fit, if one is better than a rate.</summary>
    public Policy? Better(IEnumerable<Policy> policies, double than)
    {
        Policy? best = null;
        foreach (var some in policies.Distinct().Select(p => (Policy: p, Most: Most(p))).OrderByDescending(p => p.Most).Chunk(AtOnce))
        {
            var hopeful = some.Where(p => p.Most > than).Select(p => p.Policy).ToList();
            if (hopeful.Count == 0)
            {
                break;
            }

            JudgeAll(hopeful);
            if (hopeful.MaxBy(Rate) is var found && Rate(found) > than)
            {
                (best, than) = (found, Rate(found));
            }
        }

        return best;
    }

    /// <summary>Judges some on several threads.</summary>
    public void JudgeAll(IEnumerable<Policy> policies)
    {
        var rates = policies.Distinct().Where(p => !known.ContainsKey(p)).AsParallel().AsOrdered().Select(p => (p, Judge(p))).ToList();
        rates.ForEach(r => known.Add(r.p, r.Item2));
    }

    /// <summary>The most tokens per second that a policy could have.</summary>
    internal double Most(Policy policy)
    {
        if (policy.EffectiveBatchSize > request.Workload.Count)
        {
            return double.PositiveInfinity;
        }

        return Slack * Whole(policy, policy.EffectiveBatchSize * mean.Output / Round(policy).Seconds(Shares.Of(model.Plan(policy))));
    }

    private RoundCosts Round(Policy policy) => rounds.GetOrAdd(
        policy with { Weights = Placement.AllGpu, Cache = Placement.AllGpu, Hidden = Placement.AllGpu, AttentionOnHost = 0, WeightPages = null },
        whole => new(model, model.Plan(whole), request.Workload));

    private double Judge(Policy policy)
    {
        var round = Workload.Uniform(mean.Prompt, mean.Output, Math.Min(request.Workload.Count, policy.EffectiveBatchSize));
        var plan = model.Plan(policy);
        return Whole(policy, model.Estimate(plan, round, Round(policy).Contention(model.Profile, Shares.Of(plan)), request.Mode).TokensPerSecond);
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
