using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Search;

/// <summary>What a linear program decides: shares of 0 to 1 by home and, of the KV cache, by where it is attended to.</summary>
/// <param name="Weights">On the GPU and in host memory; the rest is on disk.</param>
/// <param name="Cache">Likewise.</param>
/// <param name="Hidden">Likewise.</param>
/// <param name="AttentionOnHost">Of the cache that is not on the GPU.</param>
/// <param name="Seconds">What it takes them to be for a round of as many sequences as there are slots.</param>
internal readonly record struct Shares(
    (double Gpu, double Host) Weights, (double Gpu, double Host) Cache, (double Gpu, double Host) Hidden, double AttentionOnHost, double Seconds)
{
    /// <summary>Those of a plan, of which nobody has reckoned the seconds: of weights, as they are placed.</summary>
    public static Shares Of(PolicyPlan plan)
    {
        var policy = plan.Policy;
        var (size, count) = (policy.GpuBatchSize, policy.GpuBatchCount);
        var (gpu, host, disk) = (Weights(Tier.Gpu), Weights(Tier.Host), Weights(Tier.Disk));
        var (slots, hidden) = (policy.Cache.Split(size), policy.Hidden.Split(count));
        var brought = policy.BroughtToGpu(slots.Host) + policy.BroughtToGpu(slots.Disk);
        return new(
            (gpu / (gpu + host + disk), host / (gpu + host + disk)),
            ((double)slots.Gpu / size, (double)slots.Host / size),
            ((double)hidden.Gpu / count, (double)hidden.Host / count),
            slots.Gpu == size ? 0 : 1 - ((double)brought / (size - slots.Gpu)),
            Seconds: 0);

        double Weights(Tier tier) => plan.Bytes[tier, Purpose.Weights];
    }
}
