using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Weights;

/// <summary>
/// A model's weights where the policy has them rest. What does not rest on the compute device is streamed, layer by layer, into
/// one of two buffers: while one is computed with, the other is filled, a page for each micro-batch.
/// </summary>
internal sealed class WeightStore : IDisposable
{
    /// <summary>Memory between the disk and a GPU, pinned; without one, between a weight that is loaded and the disk, and only then.</summary>
    public const long StagingBytes = 32 << 20;

    private readonly Dictionary<string, Tensor> resident = [];
    private readonly List<LayerImage> images = [];
    private readonly StreamBuffers<int>? buffers;
    private readonly Lane lane;
    private readonly DirectFile? file;
    private readonly HostMemory? staging;
    private readonly ScalarType type;

    /// <param name="model">The model.</param>
    /// <param name="source">Where the weights come from.</param>
    /// <param name="placement">Shares of the bytes.</param>
    /// <param name="type">The type of the weights.</param>
    /// <param name="device">The compute device.</param>
    /// <param name="diskFolder">Where a scratch file goes.</param>
    /// <param name="trace">What records its copies; null: nothing does.</param>
    public WeightStore(
        Model model, IWeightSource source, Placement placement, ScalarType type, Device device, string diskFolder, Trace? trace)
    {
        this.type = type;
        var gpu = ComputeMemory.Gpu(device);
        lane = new("weight loads", gpu, trace);
        try
        {
            var layers = WeightPlacement.Of(model, placement, type);
            var onDisk = 0L;
            if (layers.Sum(l => Bytes(l, Tier.Disk)) is > 0 and var diskBytes)
            {
                file = new(diskFolder, diskBytes);
                staging = new(StagingBytes, pinned: gpu is not null);
            }

            foreach (var weights in layers)
            {
                images.Add(Image(weights, gpu is not null, onDisk));
                onDisk += Bytes(weights, Tier.Disk);
                Fill(images[^1], source, device);
            }

            if (gpu is null)
            {
                staging?.Dispose();
                staging = null;
            }

            buffers = new(images.Max(i => i.Bytes), device);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts to bring one of n pages of a layer. All pages of a layer are asked for one after another.</summary>
    public void Load(int layer, int page, int pages)
    {
        var image = images[layer];
        if (image.Bytes == 0)
        {
            return;
        }

        var buffer = buffers!.Find(layer) ?? buffers.Next(layer);
        var (start, end) = (buffer.Asked, page == pages - 1 ? image.Bytes : DirectFile.Align(image.Bytes * (page + 1) / pages));
        if (start < end)
        {
            buffer.Asked = end;
            buffer.Fill(lane, copier => image.Copy(copier, buffer.Address, start, end, staging), (layer, page));
        }
    }

    /// <summary>A layer's weights; what the compute device does from now on waits for those still on their way.</summary>
    public LayerWeights Use(int layer)
    {
        Load(layer, 0, 1);
        var buffer = buffers!.Find(layer);
        buffer?.WaitOnCompute();
        return new([.. images[layer].Places.Select(p =>
            p.Tier == Tier.Gpu ? resident[p.Spec.Name] : buffer!.View(p.Offset, p.Spec.Shape, type))]);
    }

    /// <summary>The compute device has been given all it does with a layer: its buffer may be filled again when that is done.</summary>
    public void Release(int layer) => buffers!.Find(layer)?.Release();

    public void Dispose()
    {
        lane.Dispose();
        staging?.Dispose();
        buffers?.Dispose();
        images.ForEach(i => i.Dispose());
        file?.Dispose();
        foreach (var tensor in resident.Values)
        {
            tensor.Dispose();
        }
    }

    private LayerImage Image(IReadOnlyList<(WeightSpec Spec, Tier Tier)> weights, bool pinned, long fileOffset)
    {
        var (hostBytes, diskBytes) = (Bytes(weights, Tier.Host), Bytes(weights, Tier.Disk));
        var next = new Dictionary<Tier, long> { [Tier.Host] = 0, [Tier.Disk] = hostBytes };
        var disk = diskBytes > 0 ? new RestingPlace(file!, fileOffset, diskBytes) : new RestingPlace(0, pinned: false);
        return new([.. weights.Select(w => (w.Spec, w.Tier, Offset(w.Spec, w.Tier)))], new(hostBytes, pinned), disk);

        long Offset(WeightSpec spec, Tier tier)
        {
            if (tier == Tier.Gpu)
            {
                return 0;
            }

            var offset = next[tier];
            next[tier] += Aligned(spec);
            return offset;
        }
    }

    private long Bytes(IReadOnlyList<(WeightSpec Spec, Tier Tier)> weights, Tier tier) => weights.Where(w => w.Tier == tier).Sum(w => Aligned(w.Spec));

    private long Aligned(WeightSpec spec) => DirectFile.Align(WeightPlacement.Bytes(spec, type));

    private void Fill(LayerImage image, IWeightSource source, Device device)
    {
        image.Fill(source, type, staging);
        foreach (var (spec, tier, _) in image.Places)
        {
            if (tier == Tier.Gpu && !resident.ContainsKey(spec.Name))
            {
                resident.Add(spec.Name, IWeightSource.Load(source, spec, type, device).DetachFromDisposeScope());
            }
        }
    }
}
