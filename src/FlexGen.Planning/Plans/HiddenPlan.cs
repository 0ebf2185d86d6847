using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// Where the hidden states of each micro-batch rest between layers: those on the compute device first, where they are part of what is
/// computed with, then those in host memory, then those on disk.
/// </summary>
public sealed class HiddenPlan : TierPlan
{
    /// <summary>
    /// Up to here a kernel moves a micro-batch's between a GPU and host memory. Copies to a GPU are served in the order in which they were asked for, and a
    /// decoding micro-batch would wait for all the weights before its few rows.
    /// </summary>
    public const long FewBytes = 1 << 20;

    private const long StagingOfADirection = 16 << 20;
    private readonly int onGpu;
    private readonly int devices;

    /// <param name="shape">The model.</param>
    /// <param name="format">Of the hidden states.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="devices">How many compute.</param>
    public HiddenPlan(ModelShape shape, ElementFormat format, Policy policy, int devices = 1)
    {
        (MicroBatches, this.devices) = (policy.GpuBatchCount, devices);
        (onGpu, OnHost, OnDisk) = policy.Hidden.Split(policy.GpuBatchCount);
        HomeBytes = Sector.Align(format.Bytes(policy.MostRows, shape.HiddenSize));
        Bytes.Add(Tier.Host, Purpose.Hidden, (double)OnHost * HomeBytes);
        Bytes.Add(Tier.Disk, Purpose.Hidden, (double)OnDisk * HomeBytes);
        Bytes.Add(Tier.Host, Purpose.Staging, (double)devices * 2 * StagingBytes);
    }

    public int MicroBatches { get; }

    /// <summary>Micro-batches whose hidden states rest in host memory.</summary>
    public int OnHost { get; }

    /// <summary>Micro-batches whose hidden states rest on disk.</summary>
    public int OnDisk { get; }

    /// <summary>What those of one take at the most, in whole sectors.</summary>
    public long HomeBytes { get; }

    /// <summary>Size of the scratch file; 0: there is none.</summary>
    public long FileBytes => OnDisk * HomeBytes;

    /// <summary>Memory between the disk and a compute device: one such piece for loads, one for stores.</summary>
    public long StagingBytes => OnDisk > 0 ? StagingOfADirection : 0;

    /// <summary>Where a micro-batch's rest, and where they begin in the scratch file.</summary>
    public (Tier Tier, long Offset) Home(int microBatch)
    {
        var disk = microBatch - onGpu - OnHost;
        return microBatch < onGpu ? (Tier.Gpu, 0) : disk < 0 ? (Tier.Host, 0) : (Tier.Disk, disk * HomeBytes);
    }

    private protected override IEnumerable<Piece> Each()
    {
        for (var microBatch = onGpu; microBatch < MicroBatches; microBatch++)
        {
            var (tier, offset) = Home(microBatch);
            yield return new(tier, Purpose.Hidden, HomeBytes, offset);
        }

        for (var n = 0; n < 2 * devices; n++)
        {
            yield return new(Tier.Host, Purpose.Staging, StagingBytes);
        }
    }
}
