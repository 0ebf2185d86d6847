using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>What one compute device has for itself: its lanes, with the buffers at their ends, and when the cache of each micro-batch is there.</summary>
/// <param name="shares">Of the KV cache.</param>
/// <param name="microBatches">How many there are.</param>
internal sealed class DeviceClock(int shares, int microBatches)
{
    public LaneClock Weights { get; } = new(TierPlan.StreamBuffers);

    public LaneClock HiddenLoads { get; } = new(1);

    public LaneClock HiddenStores { get; } = new(1);

    public LaneClock HandOvers { get; } = new(1);

    public LaneClock CacheStores { get; } = new(1);

    /// <summary>By the share: each has buffers of its own, and one lane brings them all.</summary>
    public LaneClock[] CacheLoads { get; } = [.. Enumerable.Range(0, shares).Select(_ => new LaneClock(TierPlan.StreamBuffers))];

    /// <summary>When that lane is done.</summary>
    public double CacheLane { get; set; }

    /// <summary>By share and micro-batch: when what its attention will read is there.</summary>
    public double[,] CacheThere { get; } = new double[shares, microBatches];
}
