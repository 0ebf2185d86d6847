using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>The KV cache: each micro-batch's slots, cut into shares by where the policy has them rest and attended to, and what moves and reads it.</summary>
public sealed class CachePlan : TierPlan
{
    private const long StagingOfADirection = 16 << 20;
    private const long WindowsOfTheWriter = 8 << 20;

    /// <param name="shape">The model.</param>
    /// <param name="format">Of keys and values that are not compressed.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="device">The compute device.</param>
    /// <param name="layers">Which of the model's layers these are; null: the first decoder layers, after the embedding.</param>
    public CachePlan(ModelShape shape, ElementFormat format, Policy policy, ComputeDevice device, IReadOnlyList<int>? layers = null)
    {
        layers ??= [.. Enumerable.Range(1, shape.DecoderLayers)];
        Format = FormatOf(shape, format, policy);
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        var (hostBrought, diskBrought) = (policy.BroughtToGpu(host), policy.BroughtToGpu(disk));
        var shares = new List<CacheSharePlan>();
        AddShare(Tier.Gpu, gpu, attendsOnHost: false);
        AddShare(Tier.Host, host - hostBrought, attendsOnHost: true);
        AddShare(Tier.Host, hostBrought, attendsOnHost: false);
        AddShare(Tier.Disk, disk - diskBrought, attendsOnHost: true);
        AddShare(Tier.Disk, diskBrought, attendsOnHost: false);
        Shares = shares;
        Kernel = new(shape, Format, device.IsGpu ? Math.Max(gpu, Math.Max(hostBrought, diskBrought)) : 0, policy.SequenceLength);
        StagingBytes = device.IsGpu && HasHomes ? StagingOfADirection : 0;
        WriterBytes = disk > 0 ? WindowsOfTheWriter : 0;
        shares.ForEach(s => s.AddTo(Bytes));
        Bytes.Add(Tier.Gpu, Purpose.PartialResults, (double)Kernel.PartialBytes + Kernel.CountBytes);
        Bytes.Add(Tier.Host, Purpose.Staging, (2 * StagingBytes) + WriterBytes);

        void AddShare(Tier home, int slots, bool attendsOnHost)
        {
            if (slots > 0)
            {
                var slab = new SlabShape(policy.SequenceLength, slots, shape.KvHeads, shape.HeadDim, Format);
                shares.Add(new(shape, policy, slab, device)
                {
                    Layers = layers,
                    Home = home,
                    FirstSlot = shares.Sum(s => s.Slots),
                    AttendsOnHost = attendsOnHost,
                });
            }
        }
    }

    /// <summary>Of keys and values where they rest and are attended to.</summary>
    public ElementFormat Format { get; }

    /// <summary>By their first slot.</summary>
    public IReadOnlyList<CacheSharePlan> Shares { get; }

    /// <summary>Whether some of it rests elsewhere than on the compute device.</summary>
    public bool HasHomes => Shares.Any(s => s.Home != Tier.Gpu);

    /// <summary>What decodes on a GPU.</summary>
    public DecodeKernelPlan Kernel { get; }

    /// <summary>Pinned memory between the disk and a GPU: one such piece for loads, one for stores.</summary>
    public long StagingBytes { get; }

    /// <summary>Memory in which rows are put into whole sectors on their way to disk.</summary>
    public long WriterBytes { get; }

    internal static ElementFormat FormatOf(ModelShape shape, ElementFormat format, Policy policy) =>
        policy.CompressCache == Compression.Int4 ? ElementFormat.Int4Heads(shape.HeadDim) : format;

    private protected override IEnumerable<Piece> Each() =>
    [
        .. Shares.SelectMany(s => s.Pieces()),
        new(Tier.Gpu, Purpose.PartialResults, Kernel.PartialBytes),
        new(Tier.Gpu, Purpose.PartialResults, Kernel.CountBytes),
        new(Tier.Host, Purpose.Staging, StagingBytes),
        new(Tier.Host, Purpose.Staging, StagingBytes),
        new(Tier.Host, Purpose.Staging, WriterBytes),
    ];
}
