using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Cost;

/// <summary>
/// Carries out a schedule's steps on clocks: each resource is free at some time, and a step begins when its resources are and what it needs
/// is there. The steps, their buffers and their waits are those of the engine.
/// </summary>
internal sealed partial class SweepClock
{
    /// <summary>Shares of a layer's issuing: before attention, attention, after it.</summary>
    private const double IssueProject = 0.4, IssueAttend = 0.2, IssueComplete = 0.4;

    /// <summary>Of the engine's thread, to have a GPU compute what was recorded of it: some 10 us were measured of two H200s.</summary>
    internal const double LaunchSeconds = 10e-6;

    /// <summary>In place of a micro-batch: what all of them share.</summary>
    private const int All = -1;

    private readonly PolicyPlan plan;
    private readonly HardwareProfile profile;
    private readonly ComputeCosts costs;
    private readonly bool isGpu;
    private readonly Share[] shares;
    private readonly LayerPlan[] layers;
    private readonly int[] deviceOf;
    private readonly int[] sorts;
    private readonly bool[] isDecoder;
    private readonly Tier[] hidden;
    private readonly bool recordsDecode;
    private readonly ResourceTimes free;
    private readonly DeviceClock[] devices;
    private readonly double[] weightsThere;
    private readonly double[] hiddenThere;
    private readonly double[] hiddenHome;
    private readonly double[] handedOver;
    private readonly double[] hostDone;
    private readonly double[] headDone;
    private readonly MicroBatchLoad?[] begun;
    private Contention contention;
    private MicroBatchLoad?[] loads = [];
    private int last;

    /// <summary>Whose step it is.</summary>
    private int device;

    public SweepClock(PolicyPlan plan, HardwareProfile profile, ComputeCosts costs)
    {
        (this.plan, this.profile, this.costs) = (plan, profile, costs);
        (isGpu, recordsDecode) = (profile.Compute.IsGpu, plan.RecordsDecode);
        var count = plan.Policy.GpuBatchCount;
        (shares, layers) = ([.. plan.Shares.Select(Share.Of)], [.. costs.Layers]);
        (deviceOf, sorts) = ([.. layers.Select((_, j) => plan.Map.Of(j))], [.. layers.Select((_, j) => costs.Sort(j))]);
        isDecoder = [.. layers.Select((_, j) => costs.IsDecoder(j))];
        hidden = [.. Enumerable.Range(0, count).Select(k => plan.Hidden.Home(k).Tier)];
        (free, Busy) = (new(plan.Map.Count), new(plan.Map.Count));
        devices = [.. Enumerable.Range(0, plan.Map.Count).Select(_ => new DeviceClock(plan.Shares.Count, count))];
        (weightsThere, hostDone) = (new double[layers.Length], new double[count]);
        (hiddenThere, hiddenHome, handedOver) = (new double[count], new double[count], new double[count]);
        (headDone, begun) = (new double[count], new MicroBatchLoad?[count]);
    }

    /// <summary>Seconds that each resource has worked.</summary>
    public ResourceTimes Busy { get; }

    /// <summary>Bytes that all links have copied.</summary>
    public double Moved { get; private set; }

    /// <summary>Takes what the resources do, where someone wants it.</summary>
    public List<Span>? Spans { get; set; }

    /// <summary>Whether a micro-batch begins its next sweep while others are in this one.</summary>
    public bool Rolls { get; init; }

    /// <summary>When the engine's thread goes on.</summary>
    public double Now => free[Resource.Engine];

    /// <summary>When the last sweep that has ended did: where sweeps overlap the one before the last.</summary>
    public double Ended { get; private set; }

    /// <summary>Carries out one sweep.</summary>
    /// <param name="of">What each micro-batch has to do; null: nothing.</param>
    /// <param name="beside">What works beside what.</param>
    /// <param name="steps">The schedule, given how many micro-batches are not recorded.</param>
    public void Sweep(MicroBatchLoad?[] of, Contention beside, Func<int, FlatStep[]> steps)
    {
        (loads, contention) = (of, beside);
        foreach (var load in of)
        {
            _ = load is null ? null : costs.Of(load);
        }

        var all = Enumerable.Range(0, of.Length).ToList();
        if (Rolls)
        {
            Execute(steps(of.Length), all);
            return;
        }

        var active = all.FindAll(k => of[k] is not null);
        var issued = active.FindAll(k => plan.Map.Count > 1 || !IsRecorded(of[k]!));
        device = 0;
        foreach (var k in issued.Count < active.Count ? active.Except(issued) : [])
        {
            Take(Resource.Compute, Now, costs.Recorded(of[k]!) * contention.Compute, 0, k);
        }

        if (issued.Count > 0)
        {
            last = issued[^1];
            Execute(steps(issued.Count), issued);
        }

        device = deviceOf[^1];
        foreach (var k in active)
        {
            HaveTokens(of[k]!, k);
            Deliver(of[k]!, k);
        }

        Ended = Now;
    }

    private void Execute(FlatStep[] steps, List<int> microBatches)
    {
        foreach (var (verb, layer, index, pages) in steps)
        {
            device = deviceOf[layer];
            if (verb == Verb.LoadWeights)
            {
                LoadWeights(layer, index, pages);
            }
            else
            {
                Execute(verb, layer, microBatches[index]);
            }
        }
    }

    /// <summary>Ends the sweep under way.</summary>
    public void Finish()
    {
        for (var k = 0; Rolls && k < begun.Length; k++)
        {
            End(k);
        }
    }

    /// <summary>Gives a micro-batch the tokens of its last sweep; the last one's are that sweep's end.</summary>
    private void End(int k)
    {
        if (begun[k] is { } before)
        {
            Deliver(before, k);
            begun[k] = null;
        }

        Ended = k == begun.Length - 1 ? Now : Ended;
    }

    private DeviceClock Own => devices[device];

    private void Execute(Verb verb, int layer, int k)
    {
        if (verb == Verb.Begin)
        {
            End(k);
            begun[k] = loads[k];
            return;
        }

        if (loads[k] is not { } of)
        {
            return;
        }

        if (IsRecorded(of))
        {
            Launch(verb, layer, k, of);
        }
        else
        {
            Execute(verb, layer, k, of);
        }

        if (Rolls && verb == Verb.StoreCache && layer == layers.Length - 1)
        {
            HaveTokens(of, k);
        }
    }

    private void Execute(Verb verb, int layer, int k, MicroBatchLoad of)
    {
        switch (verb)
        {
            case Verb.LoadCache when isDecoder[layer]:
                LoadCache(layer, k, of);
                break;
            case Verb.LoadHidden when layer > 0:
                LoadHidden(k, of);
                break;
            case Verb.Project:
                Project(layer, k, of);
                break;
            case Verb.Attend when isDecoder[layer]:
                Attend(layer, k, of);
                break;
            case Verb.Complete:
                Complete(layer, k, of);
                break;
            case Verb.StoreHidden when layer + 1 < layers.Length:
                StoreHidden(layer, k, of);
                break;
            case Verb.StoreCache when isDecoder[layer]:
                StoreCache(layer, k, of);
                break;
        }
    }

    private bool IsRecorded(MicroBatchLoad of) => recordsDecode && of.Prompts.Count == 0;

    private void HaveTokens(MicroBatchLoad of, int k) =>
        headDone[k] = Take(Resource.Compute, free[Resource.Compute, device], costs.Logits(of), layers.Length, k);

    private void Deliver(MicroBatchLoad of, int k)
    {
        Wait(headDone[k]);
        Take(Resource.Engine, Now, profile.Compute.Sweep.FixedSeconds + (of.Sequences * profile.Compute.Sweep.RowSeconds), layers.Length, k);
    }

    private void ReleaseWeights(int layer, int k)
    {
        if (k == last && layers[layer].ImageBytes > 0)
        {
            Own.Weights.Release(free[Resource.Compute, device]);
        }
    }

    private bool IsLeaving(int k) => hidden[k] != Tier.Gpu;

    private bool ByKernel(int k, MicroBatchLoad of) => isGpu && hidden[k] == Tier.Host && of.Costs!.HiddenBytes <= HiddenPlan.FewBytes;

    private void Wait(double until)
    {
        ref var now = ref free[Resource.Engine];
        now = until > now ? until : now;
    }

    private double Take(Resource resource, double ready, double seconds, int layer, int k)
    {
        var its = resource.IsOfADevice() ? device : 0;
        ref var at = ref free[resource, its];
        var start = ready > at ? ready : at;
        at = start + seconds;
        Busy[resource, its] += seconds;
        if (Spans is not null && seconds > 0)
        {
            Spans.Add(new(resource, start, at, layer, k == All ? null : k, its));
        }

        return at;
    }

    /// <summary>What matters of a share of the KV cache.</summary>
    /// <param name="Home">Where it rests.</param>
    /// <param name="AttendsOnHost">Whether it is attended to in host memory.</param>
    /// <param name="BroughtTo">Where to it is brought; null: it is attended to where it rests.</param>
    /// <param name="Slots">Of a micro-batch.</param>
    /// <param name="TokenBytes">Bytes of a token of all slots, keys or values.</param>
    /// <param name="AskBytes">Bytes that a sequence's attention in host memory is given.</param>
    /// <param name="AnswerBytes">Bytes of its result.</param>
    private readonly record struct Share(Tier Home, bool AttendsOnHost, Tier? BroughtTo, int Slots, long TokenBytes, long AskBytes, long AnswerBytes)
    {
        public static Share Of(CacheSharePlan plan) => new(
            plan.Home, plan.AttendsOnHost, plan.BroughtTo, plan.Slots, plan.Slab.TokenBytes, plan.RowBytes - plan.QueryBytes, plan.QueryBytes);
    }
}
