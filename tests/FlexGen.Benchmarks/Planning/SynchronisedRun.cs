using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static FlexGen.Benchmarks.Planning.SynchronisedSchedule;

namespace FlexGen.Benchmarks.Planning;

/// <summary>
/// What a policy takes under the original FlexGen's schedule: with the products, attention and bytes of the cost model, where each step of
/// <see cref="SynchronisedSchedule"/> takes as long as the longest of what it does at once. What is in 4 bits is unpacked to 16 before it is computed
/// with, for each micro-batch anew, as there.
/// </summary>
internal sealed class SynchronisedRun
{
    /// <summary>
    /// Bytes that pass through the GPU's memory for an element of 4 bits that is unpacked by operations of PyTorch, one after another: halves masked,
    /// shifted and laid out (4), converted to 16 bits (3), divided (4), the minimum added (4); and for one that is packed: extremes, differences and
    /// scale (6), products (4), rounding and clamping (8), conversion, shift and halves together (5), each read and written.
    /// </summary>
    private const double Unpacked = 15, Packed = 23;

    private readonly PolicyPlan plan;
    private readonly HardwareProfile machine;
    private readonly ComputeCosts costs;
    private readonly List<LayerPlan> layers;
    private readonly ModelOutline model;
    private readonly Policy policy;
    private readonly bool overlaps;

    /// <param name="model">The model on a machine.</param>
    /// <param name="policy">The policy: with one share of the KV cache.</param>
    /// <param name="overlaps">Whether a step's parts are done at once.</param>
    public SynchronisedRun(CostModel model, Policy policy, bool overlaps)
    {
        (this.model, machine, this.policy, this.overlaps) = (model.Model, model.Profile, policy, overlaps);
        plan = model.Plan(policy);
        layers = [.. plan.Layers];
        var plain = policy with { CompressWeights = Compression.None, CompressCache = Compression.None };
        costs = new(model.Model, model.Plan(plain), machine);
    }

    /// <summary>Seconds for as many sequences as there are slots: the prompts, and then a sweep for each token but the first.</summary>
    public (double Prefill, double Decode) Seconds(int prompt, int output) => (Sweep(prompt, isPrefill: true), (output - 1) * Sweep(prompt + (output / 2), isPrefill: false));

    private double Sweep(int length, bool isPrefill)
    {
        var load = new MicroBatchLoad(plan.Shares.Count);
        if (isPrefill)
        {
            load.AddPrompts(0, length, policy.GpuBatchSize);
        }
        else
        {
            load.AddDecodes(0, length, policy.GpuBatchSize);
        }

        return SynchronisedSchedule.Sweep(model.Layers.Count, policy.GpuBatchCount).Sum(step => Step(step, load, length, isPrefill));
    }

    private double Step(Step step, MicroBatchLoad load, int length, bool isPrefill)
    {
        var (links, share) = (machine.Links, plan.Shares[0]);
        var rows = isPrefill ? policy.GpuBatchSize * length : policy.GpuBatchSize;
        // Of the weights to come, all at the first micro-batch.
        var (next, part) = step.Part == Part.Attention ? (step.Layer, FeedForward) : (Math.Min(step.Layer + 1, model.Layers.Count - 1), Attention);
        var weights = costs.IsDecoder(next) ? layers[next] : null;
        var isFirst = step.MicroBatch == 0 && weights is not null;
        var streamed = isFirst ? part * weights!.ImageBytes : 0;
        var weightsFromDisk = isFirst ? part * Math.Max(0, weights!.ImageBytes - weights.HostBytes) : 0;
        double cacheIn = 0, cacheFromDisk = 0, cacheOut = 0;
        if (step.Part == Part.Attention && share.Home != Tier.Gpu)
        {
            var bytes = isPrefill ? 0 : CacheBytes(length);
            (cacheIn, cacheFromDisk) = (share.AttendsOnHost ? 0 : bytes, share.Home == Tier.Disk ? bytes : 0);
            cacheOut = CacheBytes(isPrefill ? length : 1);
        }

        var hidden = policy.Hidden.Gpu == 0 ? model.Format.Bytes((long)rows * model.Shape.HiddenSize) : 0;
        double[] times =
        [
            Computing(step, load, length, isPrefill),
            (streamed + cacheIn + hidden) / links.HostToGpu.Alone,
            (cacheOut / links.GpuToHost.Alone) + (hidden / links.GpuToHost.BesideOther),
            (weightsFromDisk + cacheFromDisk) / links.DiskRead.Alone,
            share.Home == Tier.Disk ? cacheOut / links.DiskWrite.Alone : 0,
        ];
        return (machine.Compute.Layers["opt"].IssueSeconds / 2) + (overlaps ? times.Max() : times.Sum());
    }

    private double Computing(Step step, MicroBatchLoad load, int length, bool isPrefill)
    {
        var (layer, share) = (step.Layer, plan.Shares[0]);
        if (step.Part == Part.Whole)
        {
            return costs.Project(layer, load) + (layer > 0 ? costs.Logits(load) : 0);
        }

        var (part, rest) = step.Part == Part.Attention ? (Attention, 1.0 / 9) : (FeedForward, 8.0 / 9);
        var elements = model.Layers[layer].Weights.Sum(w => (double)w.Rows * w.Columns);
        var seconds = (rest * costs.Complete(layer, load)) + (policy.CompressWeights == Compression.Int4 ? part * elements * Unpacked / machine.Compute.ElementBytes : 0);
        if (step.Part == Part.FeedForward)
        {
            return seconds;
        }

        var ofToken = 2.0 * policy.GpuBatchSize * model.Shape.KvHeads * model.Shape.HeadDim;
        var packing = policy.CompressCache == Compression.Int4 ? ofToken * (isPrefill ? length * Packed : Packed + (length * Unpacked)) / machine.Compute.ElementBytes : 0;
        var attention = isPrefill ? costs.Prefill(layer, load) : share.AttendsOnHost ? costs.DecodeOnHost(layer, load.Shares[0]) : costs.Decode(layer, load.Shares[0]);
        return seconds + costs.Project(layer, load) + packing + attention;
    }

    private double CacheBytes(long tokens) => 2.0 * tokens * policy.GpuBatchSize * plan.CacheFormat.Bytes(model.Shape.KvHeads, model.Shape.HeadDim);
}
