using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// Where each weight rests: whole weights, so that at every layer the shares are as near to the placement as they can be. One that layers
/// share is on the compute device once, elsewhere once for each.
/// </summary>
public sealed class WeightsPlan : TierPlan
{
    /// <summary>Bytes of host memory that weights go through from a disk to a GPU.</summary>
    public const long StagingOfTheDisk = 32 << 20;

    private readonly Placement placement;
    private readonly ComputeDevice device;
    private readonly ModelOutline.Weight[][] weights;
    private readonly int names;
    private IReadOnlyList<int>? groups;

    /// <param name="model">The model.</param>
    /// <param name="placement">Shares of the bytes.</param>
    /// <param name="compression">How linear layers' are kept.</param>
    /// <param name="device">The compute device.</param>
    public WeightsPlan(ModelOutline model, Placement placement, Compression compression, ComputeDevice device)
    {
        (this.placement, this.device, weights, names) = (placement, device, model.Weights(compression), model.Names);
        var (shares, resident) = (new ShareCounter(placement), new bool[names]);
        double onGpu = 0, onHost = 0;
        foreach (var layer in weights)
        {
            long host = 0, disk = 0;
            foreach (var (bytes, name, _) in layer)
            {
                switch (Place(ref shares, resident, bytes, name, out var isShared))
                {
                    case Tier.Gpu:
                        onGpu += isShared ? 0 : bytes;
                        break;
                    case Tier.Host:
                        host += Sector.Align(bytes);
                        break;
                    default:
                        disk += Sector.Align(bytes);
                        break;
                }
            }

            BufferBytes = Math.Max(BufferBytes, host + disk);
            onHost += host;
            FileBytes += disk;
        }

        Bytes.Add(Tier.Gpu, Purpose.Weights, onGpu);
        Bytes.Add(Tier.Gpu, Purpose.StreamedWeights, StreamBuffers * BufferBytes);
        Bytes.Add(Tier.Host, Purpose.Weights, onHost);
        Bytes.Add(Tier.Disk, Purpose.Weights, FileBytes);
        Bytes.Add(Tier.Host, Purpose.Staging, device.IsGpu ? StagingBytes : 0);
    }

    /// <summary>Each layer's weights, made when they are asked for.</summary>
    public IEnumerable<LayerPlan> Layers
    {
        get
        {
            var (shares, resident, fileOffset) = (new ShareCounter(placement), new bool[names], 0L);
            foreach (var layer in weights)
            {
                var placed = new PlacedWeight[layer.Length];
                long host = 0, disk = 0;
                for (var n = 0; n < layer.Length; n++)
                {
                    var (bytes, name, format) = layer[n];
                    var tier = Place(ref shares, resident, bytes, name, out var isShared);
                    placed[n] = new(n, tier, bytes, tier switch { Tier.Gpu => 0, Tier.Host => host, _ => disk }, isShared, format);
                    host += tier == Tier.Host ? Sector.Align(bytes) : 0;
                    disk += tier == Tier.Disk ? Sector.Align(bytes) : 0;
                }

                // The host's part comes first in the image, and only now it is known how long that is.
                yield return new([.. placed.Select(w => w.Tier == Tier.Disk ? w with { Offset = host + w.Offset } : w)], host, disk, fileOffset);
                fileOffset += disk;
            }
        }
    }

    /// <summary>Of those that are kept in 4 bits, the different groups; empty: none is.</summary>
    public IReadOnlyList<int> Groups => groups ??=
        [.. weights.SelectMany(l => l).Where(w => w.Format.TileRows > 1).Select(w => w.Format.BlockElements).Distinct()];

    /// <summary>Size of the buffers on the compute device, that of the largest layer's image; 0: there are none.</summary>
    public long BufferBytes { get; }

    /// <summary>Size of the scratch file; 0: there is none.</summary>
    public long FileBytes { get; }

    /// <summary>
    /// Memory between the disk and a GPU; without one, between a weight that is loaded and the disk, and only while loading, when the process
    /// does not yet compute and does without what is planned for that.
    /// </summary>
    public long StagingBytes => FileBytes > 0 ? StagingOfTheDisk : 0;

    private protected override IEnumerable<Piece> Each()
    {
        foreach (var layer in Layers)
        {
            foreach (var weight in layer.Weights.Where(w => w.Tier == Tier.Gpu && !w.IsShared))
            {
                yield return new(Tier.Gpu, Purpose.Weights, weight.Bytes);
            }

            yield return new(Tier.Host, Purpose.Weights, layer.HostBytes);
            yield return new(Tier.Disk, Purpose.Weights, layer.DiskBytes, layer.FileOffset);
        }

        for (var n = 0; n < StreamBuffers; n++)
        {
            yield return new(Tier.Gpu, Purpose.StreamedWeights, BufferBytes);
        }

        yield return new(Tier.Host, Purpose.Staging, device.IsGpu ? StagingBytes : 0);
    }

    private static Tier Place(ref ShareCounter shares, bool[] resident, long bytes, int name, out bool isShared)
    {
        isShared = resident[name];
        var tier = isShared ? Tier.Gpu : shares.Next(bytes);
        resident[name] |= tier == Tier.Gpu;
        return tier;
    }
}
