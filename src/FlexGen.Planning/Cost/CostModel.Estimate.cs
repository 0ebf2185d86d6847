using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <content>A prediction in a part of the time, for one among many policies.</content>
public sealed partial class CostModel
{
    /// <summary>About how many sweeps an estimate carries out of those between which a sequence begins or ends.</summary>
    private const int EstimatedSweeps = 24;

    /// <summary>Of fewer sweeps that decode together than this one alone does not stand for all.</summary>
    private const int Together = 4;

    /// <summary>
    /// Tokens per second as <see cref="Predict"/> has them, but that one sweep stands for those in which the same sequences decode, and one for some that
    /// follow each other; and what a sweep took with the same to do, after one with the same to do, it takes again.
    /// </summary>
    /// <param name="plan">The policy.</param>
    /// <param name="workload">All sequences wait from the beginning.</param>
    /// <param name="contention">What works beside what.</param>
    /// <param name="mode">How it is scheduled.</param>
    internal double Estimate(PolicyPlan plan, Workload workload, SweepContention contention, Mode mode)
    {
        var (costs, count) = (new ComputeCosts(model, plan, profile), Computed(plan, workload));
        var slots = new SlotOccupancy(plan.Policy, plan.Shares, workload.Take(count), mode.StaticBatches);
        var clock = new SweepClock(plan, profile, costs) { Rolls = Rolls(plan, mode) };
        var known = new Dictionary<(long Before, long Its), double>();
        // Of sequences that are all alike a round of as many as there are slots is like the next.
        var sweeps = workload.Sample.Count == 1
            ? 4.0 * plan.Policy.GpuBatchSize * workload.MeanPrompt / Policy.PrefillTokensPerPass
            : count * workload.MeanOutput / plan.Policy.EffectiveBatchSize;
        var stride = 1 + (int)(sweeps / EstimatedSweeps);
        var (seconds, end, before, passed) = (0.0, 0.0, 0L, 0);
        var (owed, middle) = ((Action<double>)(_ => { }), (MicroBatchLoad?[])[]);
        while (slots.Admit())
        {
            var alike = slots.AlikeSweeps();
            if (alike >= Together || (alike > 0 && stride == 1))
            {
                TakePassed(1);
                slots.Advance(alike / 2);
                Take(Loads(plan, slots), alike);
                slots.Advance(alike - (alike / 2));
                continue;
            }

            passed++;
            middle = passed <= (stride + 1) / 2 ? Loads(plan, slots) : middle;
            TakePassed(stride);
            slots.Advance();
        }

        TakePassed(1);
        clock.Finish();
        owed(clock.Rolls ? clock.Ended - end : 0);
        return workload.Take(count).Sum(s => (long)s.Output) / seconds;

        void TakePassed(int least)
        {
            if (passed >= least)
            {
                Take(middle, passed);
                passed = 0;
            }
        }

        void Take(MicroBatchLoad?[] loads, double weight)
        {
            var key = (before, Mark(loads));
            before = key.Item2;
            if (known.TryGetValue(key, out var again))
            {
                seconds += weight * again;
                return;
            }

            var isFirst = end == 0;
            clock.Sweep(loads, contention.Of(loads.Sum(l => (long)(l?.PromptTokens ?? 0))), steps => Steps(plan, mode, isFirst ? 0 : 1, steps));
            Action<double> charge = took =>
            {
                known[key] = took;
                seconds += weight * took;
            };
            (clock.Rolls ? owed : charge)(clock.Ended - end);
            (end, owed) = (clock.Ended, charge);
        }
    }

    /// <summary>A number that is the same for loads that take the same, and for hardly any others.</summary>
    private static long Mark(MicroBatchLoad?[] loads)
    {
        var mark = 17L;
        foreach (var load in loads)
        {
            mark = (mark * 1_000_003) + (load?.PromptTokens ?? -1);
            foreach (var share in load is null ? [] : load.Shares)
            {
                mark = (mark * 1_000_003) + share.Tokens;
                mark = (mark * 1_000_003) + ((long)share.Longest << 32) + share.Sequences;
            }
        }

        return mark;
    }
}
