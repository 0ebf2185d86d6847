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

    private readonly PolicyPlan plan;
    private readonly HardwareProfile profile;
    private readonly ComputeCosts costs;
    private readonly bool isGpu;
    private readonly ResourceTimes free;
    private readonly DeviceClock[] devices;
    private readonly double[] weightsThere;
    private readonly double[] hiddenThere;
    private readonly double[] hiddenHome;
    private readonly double[] handedOver;
    private readonly double[] hostDone;
    private Contention contention;
    private MicroBatchLoad?[] loads = [];
    private int last;

    /// <summary>Whose step it is.</summary>
    private int device;

    public SweepClock(PolicyPlan plan, HardwareProfile profile, ComputeCosts costs)
    {
        (this.plan, this.profile, this.costs) = (plan, profile, costs);
        isGpu = profile.Compute.IsGpu;
        var count = plan.Policy.GpuBatchCount;
        (free, Busy) = (new(plan.Map.Count), new(plan.Map.Count));
        devices = [.. Enumerable.Range(0, plan.Map.Count).Select(_ => new DeviceClock(plan.Shares.Count, count))];
        (weightsThere, hostDone) = (new double[costs.Layers.Count], new double[count]);
        (hiddenThere, hiddenHome, handedOver) = (new double[count], new double[count], new double[count]);
    }

    /// <summary>Seconds that each resource has worked.</summary>
    public ResourceTimes Busy { get; }

    /// <summary>Takes what the resources do, where someone wants it.</summary>
    public List<Span>? Spans { get; set; }

    /// <summary>When the engine's thread goes on to the next sweep.</summary>
    public double Now => free[Resource.Engine];

    /// <summary>Carries out one sweep.</summary>
    /// <param name="of">What each micro-batch has to do; null: nothing.</param>
    /// <param name="beside">What works beside what.</param>
    /// <param name="steps">The schedule, given the micro-batches that are not recorded.</param>
    public void Sweep(MicroBatchLoad?[] of, Contention beside, Func<IReadOnlyList<int>, IEnumerable<Step>> steps)
    {
        (loads, contention) = (of, beside);
        var active = Enumerable.Range(0, of.Length).Where(k => of[k] is not null).ToList();
        var stepped = active.Where(k => plan.Map.Count > 1 || !IsRecorded(of[k]!)).ToList();
        device = 0;
        foreach (var k in active.Except(stepped))
        {
            Take(Resource.Compute, Now, costs.Recorded(of[k]!) * contention.Compute, 0, k);
        }

        if (stepped.Count > 0)
        {
            last = stepped[^1];
            foreach (var step in steps(stepped))
            {
                Execute(step);
            }
        }

        device = plan.Map.Of(costs.Layers.Count - 1);
        foreach (var k in active)
        {
            Deliver(of[k]!, k);
        }
    }

    private DeviceClock Own => devices[device];

    private void Execute(Step step)
    {
        device = plan.Map.Of(step.Layer);
        if (step is WeightStep load)
        {
            LoadWeights(load);
            return;
        }

        var one = (MicroBatchStep)step;
        var (layer, k, of) = (one.Layer, one.MicroBatch, loads[one.MicroBatch]!);
        if (IsRecorded(of))
        {
            Launch(step.Verb, layer, k, of);
            return;
        }

        switch (step.Verb)
        {
            case Verb.LoadCache when costs.IsDecoder(layer):
                LoadCache(layer, k, of);
                break;
            case Verb.LoadHidden when layer > 0:
                LoadHidden(k, of);
                break;
            case Verb.Project:
                Project(layer, k, of);
                break;
            case Verb.Attend when costs.IsDecoder(layer):
                Attend(layer, k, of);
                break;
            case Verb.Complete:
                Complete(layer, k, of);
                break;
            case Verb.StoreHidden when layer + 1 < costs.Layers.Count:
                StoreHidden(layer, k, of);
                break;
            case Verb.StoreCache when costs.IsDecoder(layer):
                StoreCache(layer, k, of);
                break;
        }
    }

    private bool IsRecorded(MicroBatchLoad of) => plan.RecordsDecode && of.Prompts.Count == 0;

    /// <summary>Of several devices each has those of its layers that follow each other recorded.</summary>
    private void Launch(Verb verb, int layer, int k, MicroBatchLoad of)
    {
        if (verb != Verb.Project || (layer > 0 && !plan.Map.Leaves(layer - 1)))
        {
            return;
        }

        var (end, seconds) = (layer, costs.Recorded(layer, of));
        for (; end + 1 < costs.Layers.Count && !plan.Map.Leaves(end); end++)
        {
            seconds += costs.Recorded(end + 1, of);
        }

        Take(Resource.Engine, Now, LaunchSeconds, layer, k);
        Compute(layer > 0 ? handedOver[k] : 0, seconds, layer, k);
        if (end + 1 < costs.Layers.Count)
        {
            HandOver(costs.HiddenBytes(of), k);
        }
    }

    private void Project(int layer, int k, MicroBatchLoad of)
    {
        Issue(IssueProject, layer, k);
        var ready = Math.Max(costs.Layers[layer].ImageBytes > 0 ? weightsThere[layer] : 0, IsLeaving(k) ? hiddenThere[k] : 0);
        ready = Math.Max(ready, layer > 0 ? handedOver[k] : 0);
        var moved = layer > 0 && IsLeaving(k) && ByKernel(k, of) ? costs.HiddenBytes(of) / profile.Links.KernelToGpu : 0;
        Compute(ready, costs.Project(layer, of) + moved, layer, k);
        if (!costs.IsDecoder(layer))
        {
            ReleaseWeights(layer, k);
        }
    }

    private void Attend(int layer, int k, MicroBatchLoad of)
    {
        Issue(IssueAttend, layer, k);
        hostDone[k] = 0;
        for (var n = 0; n < plan.Shares.Count; n++)
        {
            var (share, load) = (plan.Shares[n], of.Shares[n]);
            if (load.Sequences == 0)
            {
                continue;
            }

            if (!share.AttendsOnHost)
            {
                Compute(share.BroughtTo is null ? 0 : Own.CacheThere[n, k], costs.Decode(layer, load), layer, k);
                if (share.BroughtTo is not null)
                {
                    Own.CacheLoads[n].Release(free[Resource.Compute, device]);
                }

                continue;
            }

            Ask(layer, k);
            if (isGpu)
            {
                Compute(0, (share.RowBytes - share.QueryBytes) * load.Sequences / profile.Links.KernelToHost, layer, k);
            }

            var ready = Math.Max(free[Resource.Compute, device], share.BroughtTo is null ? 0 : Own.CacheThere[n, k]);
            var seconds = costs.DecodeOnHost(layer, load) * contention.HostAttention;
            var turn = profile.HostAttention.InTurns;
            var done = isGpu ? Take(Resource.HostAttention, ready, seconds * turn, layer, k) + (seconds * (1 - turn))
                : Take(Resource.Compute, ready, seconds, layer, k);
            hostDone[k] = Math.Max(hostDone[k], done);
            if (share.BroughtTo is not null)
            {
                Own.CacheLoads[n].Release(done);
            }
        }

        if (of.Prompts.Count > 0)
        {
            Take(isGpu ? Resource.Engine : Resource.Compute, Now, costs.PrefillGroups(of) * costs.Overhead(layer).PromptSeconds, layer, k);
            Meet();
            Compute(0, costs.Prefill(layer, of), layer, k);
        }
    }

    private void Complete(int layer, int k, MicroBatchLoad of)
    {
        if (!costs.IsDecoder(layer))
        {
            return;
        }

        // The engine's thread itself waits for the processor's part.
        Wait(hostDone[k]);
        Issue(IssueComplete, layer, k);
        var results = 0.0;
        for (var n = 0; isGpu && n < plan.Shares.Count; n++)
        {
            var share = plan.Shares[n];
            results += share.AttendsOnHost ? share.QueryBytes * of.Shares[n].Sequences / profile.Links.KernelToGpu : 0;
        }

        Compute(hostDone[k], costs.Complete(layer, of) + results, layer, k);
        ReleaseWeights(layer, k);
    }

    private void Issue(double share, int layer, int k)
    {
        if (costs.IsDecoder(layer))
        {
            // A CPU computes in the engine's thread: its small operations are part of what it computes.
            Take(isGpu ? Resource.Engine : Resource.Compute, Now, share * costs.Overhead(layer).Issue(loads[k]!.Rows), layer, k);
            Meet();
        }
    }

    private void Compute(double ready, double seconds, int layer, int k)
    {
        Take(Resource.Compute, Math.Max(Now, ready), seconds * contention.Compute, layer, k);
        Meet();
    }

    /// <summary>Without a GPU the engine's thread goes on when what it computes is done.</summary>
    private void Meet()
    {
        if (!isGpu)
        {
            Wait(free[Resource.Compute, device]);
        }
    }

    private void Deliver(MicroBatchLoad of, int k)
    {
        Take(Resource.Compute, free[Resource.Compute, device], costs.Logits(of), costs.Layers.Count, k);
        Wait(free[Resource.Compute, device]);
        Take(Resource.Engine, Now, profile.Compute.Sweep.FixedSeconds + (of.Sequences * profile.Compute.Sweep.RowSeconds), costs.Layers.Count, k);
    }

    private void ReleaseWeights(int layer, int k)
    {
        if (k == last && costs.Layers[layer].ImageBytes > 0)
        {
            Own.Weights.Release(free[Resource.Compute, device]);
        }
    }

    private bool IsLeaving(int k) => plan.Hidden.Home(k).Tier != Tier.Gpu;

    private bool ByKernel(int k, MicroBatchLoad of) => isGpu && plan.Hidden.Home(k).Tier == Tier.Host && costs.HiddenBytes(of) <= HiddenPlan.FewBytes;

    private void Wait(double until) => free[Resource.Engine] = Math.Max(Now, until);

    private double Take(Resource resource, double ready, double seconds, int layer, int? k)
    {
        var its = resource.IsOfADevice() ? device : 0;
        var start = Math.Max(ready, free[resource, its]);
        free[resource, its] = start + seconds;
        Busy[resource, its] += seconds;
        if (seconds > 0)
        {
            Spans?.Add(new(resource, start, start + seconds, layer, k, its));
        }

        return start + seconds;
    }
}
