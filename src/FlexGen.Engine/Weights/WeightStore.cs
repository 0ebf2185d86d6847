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
    private readonly List<LayerHome> homes = [];
    private readonly List<Buffer> buffers = [];
    private readonly Lane lane;
    private readonly DirectFile? file;
    private readonly HostMemory? staging;
    private readonly ScalarType type;
    private int turn;

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
                homes.Add(Home(weights, gpu is not null, onDisk));
                onDisk += Bytes(weights, Tier.Disk);
                Fill(homes[^1], source, device);
            }

            if (gpu is null)
            {
                staging?.Dispose();
                staging = null;
            }

            var largest = homes.Max(h => h.Bytes);
            for (var n = 0; largest > 0 && n < 2; n++)
            {
                buffers.Add(new(largest, device));
            }
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
        var home = homes[layer];
        if (home.Bytes == 0)
        {
            return;
        }

        var buffer = Find(layer);
        if (buffer is null)
        {
            buffer = buffers[turn ^= 1];
            buffer.Assign(layer);
        }

        var (start, end) = (buffer.Asked, page == pages - 1 ? home.Bytes : DirectFile.Align(home.Bytes * (page + 1) / pages));
        if (start < end)
        {
            buffer.Asked = end;
            var to = buffer.Memory.Address;
            buffer.Pages.Add(lane.Start(copier => home.Copy(copier, to, start, end, staging), buffer.Released, (layer, page)));
        }
    }

    /// <summary>A layer's weights; what the compute device does from now on waits for those still on their way.</summary>
    public LayerWeights Use(int layer)
    {
        Load(layer, 0, 1);
        var buffer = Find(layer);
        buffer?.Pages.ForEach(p => p.WaitOnCompute());
        return new([.. homes[layer].Places.Select(p =>
            p.Tier == Tier.Gpu ? resident[p.Spec.Name] : buffer!.View(layer, p.Offset, p.Spec, type))]);
    }

    /// <summary>The compute device has been given all it does with a layer: its buffer may be filled again when that is done.</summary>
    public void Release(int layer) => Find(layer)?.Release();

    public void Dispose()
    {
        lane.Dispose();
        staging?.Dispose();
        buffers.ForEach(b => b.Dispose());
        homes.ForEach(h => h.Dispose());
        file?.Dispose();
        foreach (var tensor in resident.Values)
        {
            tensor.Dispose();
        }
    }

    private Buffer? Find(int layer) => buffers.Find(b => b.Layer == layer);

    private LayerHome Home(IReadOnlyList<(WeightSpec Spec, Tier Tier)> weights, bool pinned, long fileOffset)
    {
        var (hostBytes, diskBytes) = (Bytes(weights, Tier.Host), Bytes(weights, Tier.Disk));
        var next = new Dictionary<Tier, long> { [Tier.Host] = 0, [Tier.Disk] = hostBytes };
        return new([.. weights.Select(w => (w.Spec, w.Tier, Offset(w.Spec, w.Tier)))], hostBytes, diskBytes, pinned, file, fileOffset);

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

    private void Fill(LayerHome home, IWeightSource source, Device device)
    {
        home.Fill(source, type, staging);
        foreach (var (spec, tier, _) in home.Places)
        {
            if (tier == Tier.Gpu && !resident.ContainsKey(spec.Name))
            {
                resident.Add(spec.Name, IWeightSource.Load(source, spec, type, device).DetachFromDisposeScope());
            }
        }
    }

    /// <summary>Compute memory that holds one layer's streamed weights at a time.</summary>
    private sealed class Buffer : IDisposable
    {
        private readonly Dictionary<(int Layer, long Offset), Tensor> views = [];
        private readonly bool onGpu;

        public Buffer(long bytes, Device device)
        {
            (Memory, onGpu) = (new(bytes, device), ComputeMemory.Gpu(device) is not null);
            Release();
        }

        public ComputeMemory Memory { get; }

        public int Layer { get; private set; } = -1;

        /// <summary>Bytes of the layer asked for so far.</summary>
        public long Asked { get; set; }

        public List<Transfer> Pages { get; } = [];

        /// <summary>Happens when the compute device is done with the layer before, or with what the allocator had its memory for.</summary>
        public CudaEvent? Released { get; private set; }

        public void Assign(int layer)
        {
            (Layer, Asked) = (layer, 0);
            Pages.ForEach(p => p.Dispose());
            Pages.Clear();
        }

        public void Release()
        {
            Layer = -1;
            if (onGpu)
            {
                Released ??= new();
                CudaStream.Current.Record(Released);
            }
        }

        public Tensor View(int layer, long offset, WeightSpec spec, ScalarType type)
        {
            if (!views.TryGetValue((layer, offset), out var view))
            {
                view = Memory.View(offset, [.. spec.Shape], type);
                views.Add((layer, offset), view);
            }

            return view;
        }

        public void Dispose()
        {
            Pages.ForEach(p => p.Dispose());
            Released?.Dispose();
            foreach (var view in views.Values)
            {
                view.Dispose();
            }

            Memory.Dispose();
        }
    }
}
