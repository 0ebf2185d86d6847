using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Search;

/// <summary>
/// The coefficients of a <see cref="ShareProgram"/>: seconds of a round, in which every slot has one sequence of the workload's mean lengths, with
/// all of a kind at one place.
/// </summary>
internal sealed class RoundCosts
{
    private readonly bool isGpu;
    private readonly int devices;
    private readonly long promptTokens;

    /// <param name="model">The model on a machine.</param>
    /// <param name="whole">The plan with everything on the compute device.</param>
    /// <param name="workload">Lengths.</param>
    public RoundCosts(CostModel model, PolicyPlan whole, Workload workload)
    {
        var (policy, profile, shape) = (whole.Policy, model.Profile, model.Model.Shape);
        isGpu = profile.Compute.IsGpu;
        var costs = new ComputeCosts(model.Model, whole, profile);
        var (slots, batches, layers) = (policy.GpuBatchSize, policy.GpuBatchCount, shape.DecoderLayers);
        var (prompt, output) = (workload.MeanPrompt, workload.MeanOutput);
        // Slots are refilled while others decode, so that prompts are computed in as many sweeps as they need room in.
        PrefillSweeps = Math.Max(1, Math.Ceiling(slots * prompt / Policy.PrefillTokensPerPass));
        DecodeSweeps = Math.Max(0, output - 1) + 1e-3;
        var seen = prompt + (output / 2);
        var decoding = Load(1, slots, (int)seen, 0, 0);
        var prompts = (int)Math.Ceiling(slots / PrefillSweeps);
        var prefilling = Load(1, 0, 0, prompts, (int)Math.Max(1, prompt));
        double decode = 0, attention = 0, host = 0, prefill = 0;
        for (var layer = 0; layer < costs.Layers.Count; layer++)
        {
            decode += costs.Project(layer, decoding);
            prefill += costs.Project(layer, prefilling);
            if (costs.IsDecoder(layer))
            {
                decode += costs.Complete(layer, decoding);
                attention += costs.Decode(layer, decoding.Shares[0]);
                host += costs.DecodeOnHost(layer, decoding.Shares[0]);
                prefill += costs.Complete(layer, prefilling) + costs.Prefill(layer, prefilling);
                var issue = !whole.RecordsDecode ? costs.Overhead(layer).Issue(slots) : model.Profile.DeviceCount > 1 ? SweepClock.LaunchSeconds : 0;
                IssueSeconds += isGpu ? batches * issue : 0;
                decode += profile.Compute.IsGpu ? 0 : costs.Overhead(layer).Issue(slots);
            }
        }

        // Each device has its part of the layers and a link; it waits where there are fewer micro-batches than would keep all of them at work.
        (devices, var group) = (isGpu ? profile.DeviceCount : 1, profile.Devices);
        var atWork = Math.Min(devices, Math.Max(1.0, batches));
        promptTokens = (long)Math.Max(1, batches * prompts * prompt);
        (DecodeCompute, DecodeAttention, HostAttention) = (batches * decode / atWork, batches * attention / atWork, batches * host);
        PrefillCompute = batches * PrefillSweeps * prefill / atWork;
        var links = Math.Min(devices, devices > 1 ? group!.HostRate / profile.Links.HostToGpu.Alone : 1);
        var (link, home) = (links * profile.Links.HostToGpu.Alone, links * profile.Links.GpuToHost.Alone);
        var (read, write) = (profile.Links.DiskToGpu.Alone, profile.Links.DiskWrite.Alone);
        var weights = whole.Bytes[Tier.Gpu, Purpose.Weights];
        var cache = batches * layers * costs.CacheBytes((long)(slots * seen));
        var keysAndValues = batches * layers * costs.CacheBytes((long)(slots * prompt));
        var hidden = 2.0 * batches * layers * costs.HiddenBytes(decoding);
        var hiddenOfPrompts = PrefillSweeps * batches * layers * costs.HiddenBytes(prefilling);
        (WeightsOverLink, CacheOverLink, HiddenOverLink) = (weights / link, cache / link, hidden / link / 2);
        (WeightsFromDisk, CacheFromDisk, HiddenFromDisk) = (weights / read, cache / read, hidden / Math.Min(read, write));
        (PromptsHome, PromptsToDisk, HiddenOfPrompts) =
            (keysAndValues / home, keysAndValues / write, hiddenOfPrompts / home);
    }

    /// <summary>Sweeps in which prompts are computed.</summary>
    public double PrefillSweeps { get; }

    /// <summary>Sweeps that only decode.</summary>
    public double DecodeSweeps { get; }

    public double DecodeCompute { get; }

    public double DecodeAttention { get; }

    public double HostAttention { get; }

    public double IssueSeconds { get; }

    public double PrefillCompute { get; }

    public double WeightsOverLink { get; }

    public double CacheOverLink { get; }

    public double HiddenOverLink { get; }

    public double WeightsFromDisk { get; }

    public double CacheFromDisk { get; }

    public double HiddenFromDisk { get; }

    public double PromptsHome { get; }

    public double PromptsToDisk { get; }

    public double HiddenOfPrompts { get; }

    /// <summary>What a round takes with some shares elsewhere: the program's objective.</summary>
    public double Seconds(Shares shares)
    {
        var (decode, prefill) = (Decode(shares), Prefill(shares));
        return Longest(prefill) + (DecodeSweeps * Longest(decode));
    }

    /// <summary>What works beside what.</summary>
    /// <param name="profile">The machine.</param>
    /// <param name="shares">What is elsewhere.</param>
    public SweepContention Contention(HardwareProfile profile, Shares shares)
    {
        var (decode, prefill) = (Decode(shares), Prefill(shares));
        return new(profile, Of(decode), Of(prefill), promptTokens);

        SweepTimes Of(ResourceTimes times) => new(
            times,
            (times.Sum(Resource.ToGpu) * profile.Links.HostToGpu.Alone) + (times.Sum(Resource.ToHost) * profile.Links.GpuToHost.Alone),
            Longest(times));
    }

    /// <summary>Seconds of each resource in a sweep that decodes.</summary>
    private ResourceTimes Decode(Shares shares)
    {
        double disk = 1 - shares.Weights.Gpu - shares.Weights.Host, onDisk = 1 - shares.Cache.Gpu - shares.Cache.Host;
        double away = 1 - shares.Cache.Gpu, leaving = 1 - shares.Hidden.Gpu, hiddenOnDisk = leaving - shares.Hidden.Host;
        var attended = away * shares.AttentionOnHost;
        return Times(
            (Resource.Compute, DecodeCompute + (DecodeAttention * (isGpu ? 1 - attended : 1))),
            (Resource.HostAttention, isGpu ? HostAttention * attended : 0),
            (Resource.ToGpu, (WeightsOverLink * (1 - shares.Weights.Gpu)) + (CacheOverLink * (away - attended)) + (HiddenOverLink * leaving)),
            (Resource.DiskReads, (WeightsFromDisk * disk) + (CacheFromDisk * onDisk) + (HiddenFromDisk * hiddenOnDisk)),
            (Resource.Engine, IssueSeconds));
    }

    /// <summary>The same in all that prefill.</summary>
    private ResourceTimes Prefill(Shares shares)
    {
        double away = 1 - shares.Cache.Gpu, leaving = 1 - shares.Hidden.Gpu;
        return Times(
            (Resource.Compute, PrefillCompute),
            (Resource.ToGpu, (PrefillSweeps * WeightsOverLink * (1 - shares.Weights.Gpu)) + (HiddenOfPrompts * leaving)),
            (Resource.DiskReads, PrefillSweeps * WeightsFromDisk * (1 - shares.Weights.Gpu - shares.Weights.Host)),
            (Resource.ToHost, (PromptsHome * away) + (HiddenOfPrompts * leaving)),
            (Resource.DiskWrites, PromptsToDisk * (away - shares.Cache.Host)));
    }

    private ResourceTimes Times(params ReadOnlySpan<(Resource Resource, double Seconds)> all)
    {
        var times = new ResourceTimes(devices);
        foreach (var (resource, seconds) in all)
        {
            for (var device = 0; device < (resource.IsOfADevice() ? devices : 1); device++)
            {
                times[resource, device] = Math.Max(0, seconds);
            }
        }

        return times;
    }

    private static double Longest(ResourceTimes times)
    {
        var longest = 0.0;
        foreach (var seconds in times.All)
        {
            longest = Math.Max(longest, seconds);
        }

        return longest;
    }

    private static MicroBatchLoad Load(int shares, int decodes, int length, int prompts, int promptLength)
    {
        var load = new MicroBatchLoad(shares);
        if (decodes > 0)
        {
            load.AddDecodes(0, length, decodes);
        }

        if (prompts > 0)
        {
            load.AddPrompts(0, promptLength, prompts);
        }

        return load;
    }
}
