using System.Collections.Concurrent;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Cost;

/// <summary>
/// What a policy takes on a machine: the schedule's own steps carried out on clocks, sweep by sweep, with the times of a
/// <see cref="HardwareProfile"/>. Where FlexGen (Sheng et al. 2023, section 4.3 and appendix A.3) takes the longest of five sums for a layer,
/// this has the steps wait for each other as they do: T_dec of a layer is what comes of it.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="profile">The machine.</param>
public sealed partial class CostModel(ModelOutline model, HardwareProfile profile)
{
    private readonly ConcurrentDictionary<(Mode Mode, int Count, ZigzagOrder Order, StageMap Map, bool IsFirst, Moving Moving), FlatStep[]> schedules = [];

    /// <summary>How the run is scheduled.</summary>
    /// <param name="Overlaps">Whether copies are made beside the computation.</param>
    /// <param name="StaticBatches">Whether a free slot waits until all are.</param>
    public readonly record struct Mode(bool Overlaps = true, bool StaticBatches = false)
    {
        public static Mode Default { get; } = new(true);
    }

    public ModelOutline Model => model;

    public HardwareProfile Profile => profile;

    /// <summary>The plan of a policy on this machine.</summary>
    public PolicyPlan Plan(Policy policy) => new(model, policy, new(profile.Compute.IsGpu, (long)profile.ContextBytes, profile.DeviceCount));

    /// <summary>Predicts a run.</summary>
    /// <param name="plan">The policy.</param>
    /// <param name="workload">All sequences wait from the beginning. Of very many, some are computed with.</param>
    /// <param name="mode">How it is scheduled.</param>
    public Prediction Predict(PolicyPlan plan, Workload workload, Mode? mode = null)
    {
        var (costs, how) = (new ComputeCosts(model, plan, profile), mode ?? Mode.Default);
        return Run(plan, workload, costs, Contended(plan, workload, costs, how), how);
    }

    /// <summary>What works beside what, by a sweep that decodes and one full of prompts.</summary>
    private SweepContention Contended(PolicyPlan plan, Workload workload, ComputeCosts costs, Mode how)
    {
        var first = new SlotOccupancy(plan.Policy, plan.Shares, workload.Take(Math.Min(workload.Count, plan.Policy.EffectiveBatchSize)), how.StaticBatches);
        first.Admit();
        var prompts = Loads(plan, first);
        return new(profile, Alone(Loads(plan, Decoding(plan, workload))), Alone(prompts), prompts.Sum(l => (long)(l?.PromptTokens ?? 0)));

        // The second of two alike is in the wake of its like.
        SweepTimes Alone(MicroBatchLoad?[] loads)
        {
            var clock = new SweepClock(plan, profile, costs) { Rolls = Rolls(plan, how) };
            clock.Sweep(loads, Contention.None, k => Steps(plan, how, 0, k));
            var (before, moved, start) = (clock.Busy.Copy(), clock.Moved, clock.Ended);
            clock.Sweep(loads, Contention.None, k => Steps(plan, how, 1, k));
            start = clock.Rolls ? clock.Ended : start;
            clock.Finish();
            var busy = clock.Busy.Copy();
            busy.Add(before, -1);
            return new(busy, clock.Moved - moved, clock.Ended - start);
        }
    }

    /// <summary>One decoding sweep with all slots in use, halfway through the workload's mean output: what each resource does, from its beginning.</summary>
    public IReadOnlyList<Span> Picture(PolicyPlan plan, Workload workload)
    {
        var costs = new ComputeCosts(model, plan, profile);
        var (clock, loads) = (new SweepClock(plan, profile, costs) { Rolls = plan.Rolls }, Loads(plan, Decoding(plan, workload)));
        clock.Sweep(loads, Contention.None, k => Steps(plan, Mode.Default, 0, k));
        var start = clock.Now;
        clock.Spans = [];
        clock.Sweep(loads, Contention.None, k => Steps(plan, Mode.Default, 1, k));
        return [.. clock.Spans.Select(s => s with { Start = s.Start - start, End = s.End - start })];
    }

    /// <summary>All slots decode, halfway through the mean output.</summary>
    private static SlotOccupancy Decoding(PolicyPlan plan, Workload workload)
    {
        var length = (int)Math.Max(1, workload.MeanPrompt + (workload.MeanOutput / 2));
        return SlotOccupancy.Decoding(plan.Policy, plan.Shares, new(length, 4), Math.Min(workload.Count, plan.Policy.EffectiveBatchSize));
    }

    /// <summary>Sequences that are computed with, of very many: several times as many as there are slots, so that beginning and end weigh little.</summary>
    private static long Computed(PolicyPlan plan, Workload workload)
    {
        const int Rounds = 4;
        return Math.Min(workload.Count, Math.Max((long)Rounds * plan.Policy.EffectiveBatchSize, Math.Min(workload.Sample.Count, 4096)));
    }

    private Prediction Run(PolicyPlan plan, Workload workload, ComputeCosts costs, SweepContention contention, Mode mode)
    {
        var count = Computed(plan, workload);
        var slots = new SlotOccupancy(plan.Policy, plan.Shares, workload.Take(count), mode.StaticBatches);
        var clock = new SweepClock(plan, profile, costs) { Rolls = Rolls(plan, mode) };
        var (end, owed) = (0.0, (Action<double>)(_ => { }));
        var (busyInDecode, busy) = (new ResourceTimes(plan.Map.Count), new ResourceTimes(plan.Map.Count));
        double prefill = 0, decode = 0;
        long sweep = 0, prompts = 0, generated = 0;
        while (slots.Admit())
        {
            var alike = slots.AlikeSweeps();
            var loads = Loads(plan, slots);
            prompts += loads.Sum(l => l?.PromptTokens ?? 0);
            var sequences = loads.Sum(l => l?.Sequences ?? 0);
            if (alike < 4)
            {
                Take(loads, sweep++, 1, decodes: alike > 0);
                generated += sequences;
                slots.Advance();
                continue;
            }

            // The first may yet be in the wake of prompts; of the others, which lengthen token by token, the last stands for the end.
            Take(loads, sweep, 1, decodes: true);
            var (past, others) = (0, alike - 1);
            foreach (var (at, weight) in new[] { (1, others / 2.0), (others, others / 2.0) })
            {
                slots.Advance(at - past);
                past = at;
                Take(Loads(plan, slots), sweep + at, weight, decodes: true);
            }

            slots.Advance(alike - past);
            generated += (long)alike * sequences;
            sweep += alike;
        }

        clock.Finish();
        owed(clock.Rolls ? clock.Ended - end : 0);
        var (all, scale) = (prefill + decode, (double)workload.Count / count);
        return new(
            plan, prefill * scale, decode * scale, (long)(prompts * scale), (long)(generated * scale), workload.Count, (long)(sweep * scale),
            Shares(busy, all), Shares(busyInDecode, decode))
        {
            OfDevices = [.. Enumerable.Range(0, plan.Map.Count).Select(d => Shares(busy, all, d))],
        };

        void Take(MicroBatchLoad?[] loads, long n, double weight, bool decodes)
        {
            var before = clock.Busy.Copy();
            clock.Sweep(loads, contention.Of(loads.Sum(l => (long)(l?.PromptTokens ?? 0))), steps => Steps(plan, mode, n, steps));
            var times = clock.Busy.Copy();
            times.Add(before, -1);
            busy.Add(times, weight);
            if (decodes)
            {
                busyInDecode.Add(times, weight);
            }

            Action<double> charge = seconds => (prefill, decode) = decodes ? (prefill, decode + (weight * seconds)) : (prefill + (weight * seconds), decode);
            // Where sweeps overlap it is the one before that has ended.
            (clock.Rolls ? owed : charge)(clock.Ended - end);
            (end, owed) = (clock.Ended, charge);
        }
    }

    private static bool Rolls(PolicyPlan plan, Mode mode) => plan.Rolls && mode is { Overlaps: true, StaticBatches: false };

    private static MicroBatchLoad?[] Loads(PolicyPlan plan, SlotOccupancy slots) =>
        [.. Enumerable.Range(0, plan.Policy.GpuBatchCount).Select(slots.Load)];

    /// <summary>
    /// The steps of a sweep in which so many micro-batches take part, but for those in which nothing moves. Sweeps differ in their index alone, but
    /// for the first.
    /// </summary>
    private FlatStep[] Steps(PolicyPlan plan, Mode mode, long sweep, int microBatches)
    {
        var (order, moving) = (ZigzagOrder.Of(plan.Policy, plan.Map.Count), Moving.Of(plan));
        return schedules.GetOrAdd(
            (mode, microBatches, order, plan.Map, sweep == 0, moving), _ => [.. Made().Where(s => moving.Has(s.Verb)).Select(FlatStep.Of)]);

        IEnumerable<Step> Made() => Rolls(plan, mode) ? RollingSchedule.Sweep(sweep, plan.Map, microBatches) : mode.Overlaps
            ? ZigzagSchedule.Sweep(sweep, plan.Map, [.. Enumerable.Range(0, microBatches)], order)
            : SerialSchedule.Sweep(sweep, plan.Map.Layers, [.. Enumerable.Range(0, microBatches)]);
    }

    private static Dictionary<Resource, double> Shares(ResourceTimes busy, double seconds, int? device = null) =>
        Enum.GetValues<Resource>().ToDictionary(r => r, r => seconds > 0 ? Math.Min(1, (device is { } d ? busy[r, d] : busy.Most(r)) / seconds) : 0);

    /// <summary>What of a plan moves between layers.</summary>
    private readonly record struct Moving(bool Weights, bool Cache, bool Hidden)
    {
        public static Moving Of(PolicyPlan plan) => new(
            plan.Policy.Weights != Placement.AllGpu, plan.Policy.Cache != Placement.AllGpu, plan.Policy.Hidden != Placement.AllGpu || plan.Map.Count > 1);

        public bool Has(Verb verb) => verb switch
        {
            Verb.LoadWeights => Weights,
            Verb.LoadCache => Cache,
            // Where sweeps overlap a micro-batch has its tokens when it is stored.
            Verb.StoreCache => Cache || Hidden,
            Verb.LoadHidden or Verb.StoreHidden => Hidden,
            _ => true,
        };
    }
}
