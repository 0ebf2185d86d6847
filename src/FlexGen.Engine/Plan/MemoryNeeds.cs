using FlexGen.Engine.Cache;
using FlexGen.Engine.Execution;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Weights;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Plan;

/// <summary>What a policy takes on each tier, in bytes, by what it is for.</summary>
internal sealed class MemoryNeeds
{
    /// <summary>The runtime, libtorch, and what the C allocator keeps of small tensors: 0.2 to 0.5 GiB were measured.</summary>
    private const long Process = 512L << 20;

    /// <summary>What cuBLAS takes for itself on each thread and stream that computes: 32 MiB on an H100, less on older GPUs.</summary>
    private const long Workspace = 32L << 20;

    public MemoryNeeds(Model model, Policy policy, ScalarType type, bool hasGpu, long gpuBytesInUse)
    {
        Policy = policy;
        var shape = model.Shape;
        var layers = WeightPlacement.Of(model, policy.Weights, type);
        var (cacheGpu, cacheHost, cacheDisk) = policy.Cache.Split(policy.GpuBatchSize);
        var (_, hiddenHost, hiddenDisk) = policy.Hidden.Split(policy.GpuBatchCount);
        var streamed = 2 * layers.Max(l => Aligned(l, Tier.Host) + Aligned(l, Tier.Disk));
        // Two slabs of keys and two of values for each part of the cache that is brought to where the attention runs.
        double Buffers(int slots) => 2.0 * KvCache.Bytes(shape, slots, policy.SequenceLength, type) / shape.DecoderLayers;
        double Cache(int slots) => KvCache.Bytes(shape, (long)slots * policy.GpuBatchCount, policy.SequenceLength, type);
        var hidden = (double)DirectFile.Align(HiddenStore.Bytes(shape, policy, type));
        var recorded = DecodeGraph.Bytes(model, policy, type);

        Compute =
        [
            ("weights", layers.SelectMany(l => l).Where(w => w.Tier == Tier.Gpu).DistinctBy(w => w.Spec.Name).Sum(w => WeightPlacement.Bytes(w.Spec, type))),
            ("two layers of streamed weights", streamed),
            ("KV cache", Cache(cacheGpu) + Buffers(policy.BroughtToGpu(cacheHost) + policy.BroughtToGpu(cacheDisk))),
            ("attention's partial results", hasGpu ? DecodeAttention.PartialBytes(shape, Math.Max(cacheGpu, Math.Max(policy.BroughtToGpu(cacheHost), policy.BroughtToGpu(cacheDisk))), policy.SequenceLength) : 0),
            ("the recorded decode", recorded > 0 ? recorded + Workspace : 0),
            ("activations", Activations(model, policy, DataTypes.Size(type), hasGpu)),
            ("the CUDA context and its libraries", gpuBytesInUse + (hasGpu ? Workspace : 0)),
        ];
        Host =
        [
            ("weights", layers.Sum(l => Aligned(l, Tier.Host))),
            ("KV cache", Cache(cacheHost) + Buffers(cacheDisk - policy.BroughtToGpu(cacheDisk))),
            ("hidden states", hidden * hiddenHost),
            ("staging", Staging(shape, policy, type, hasGpu)),
            ("the process itself", Process),
        ];
        Disk = [("weights", layers.Sum(l => Aligned(l, Tier.Disk))), ("KV cache", Cache(cacheDisk)), ("hidden states", hidden * hiddenDisk)];

        long Aligned(IReadOnlyList<(WeightSpec Spec, Tier Tier)> layer, Tier tier) =>
            layer.Where(w => w.Tier == tier).Sum(w => DirectFile.Align(WeightPlacement.Bytes(w.Spec, type)));
    }

    public Policy Policy { get; }

    /// <summary>On the compute device.</summary>
    public IReadOnlyList<(string What, double Bytes)> Compute { get; }

    /// <summary>In host memory, beside the compute device's where that is a CPU.</summary>
    public IReadOnlyList<(string What, double Bytes)> Host { get; }

    /// <summary>In scratch files.</summary>
    public IReadOnlyList<(string What, double Bytes)> Disk { get; }

    private static double Staging(ModelShape shape, Policy policy, ScalarType type, bool hasGpu)
    {
        var (_, cacheHost, cacheDisk) = policy.Cache.Split(policy.GpuBatchSize);
        var hidden = policy.Hidden.Split(policy.GpuBatchCount).Disk > 0 ? 2 * HiddenStore.StagingBytes : 0;
        var written = hidden + (cacheDisk > 0 ? SlabWriter.Bytes : 0);
        return !hasGpu
            ? written
            : written + (policy.Weights.Disk > 0 ? WeightStore.StagingBytes : 0) + (cacheHost + cacheDisk > 0 ? 2 * CacheLanes.StagingBytes : 0)
                + ((double)policy.GpuBatchCount * (Rows(cacheHost - policy.BroughtToGpu(cacheHost)) + Rows(cacheDisk - policy.BroughtToGpu(cacheDisk))));

        long Rows(int slots) => DirectFile.Align(HostDecode.RowBytes(shape, type) * slots);
    }

    /// <summary>Micro-batches whose hidden states are on the compute device at once: of those that rest elsewhere one computes, one is halfway, one is brought ahead, two leave.</summary>
    private static int HiddenOnCompute(Policy policy)
    {
        var (resting, host, disk) = policy.Hidden.Split(policy.GpuBatchCount);
        return resting + Math.Min(host + disk, 3 + StoreQueue.Most);
    }

    /// <summary>
    /// Bytes of one micro-batch's pass through half a layer, of another that is halfway through a layer, of keys and values on their way
    /// home, and of each micro-batch its hidden states, what all layers are given, windows' masks, and the logits.
    /// </summary>
    private static double Activations(Model model, Policy policy, int size, bool hasGpu)
    {
        const int indexBytes = 64;
        var (shape, wide) = (model.Shape, sizeof(float) / size);
        var (heads, keysAndValues) = ((long)shape.Heads * shape.HeadDim, 2L * shape.KvHeads * shape.HeadDim);
        var layers = model.Layers.OfType<DecoderLayer>().Select(l => l.Elements(wide)).ToList();
        var windows = model.Layers.OfType<DecoderLayer>().Select(l => l.Window).OfType<int>().Distinct().Where(w => w < policy.SequenceLength).ToList();
        var (halfway, atHome) = (heads + keysAndValues, policy.Cache == Placement.AllGpu ? 0 : keysAndValues);
        var ofARow = Math.Max(
            Math.Max(layers.Max(l => l.Projecting), layers.Max(l => l.Completing) + keysAndValues),
            heads + halfway + atHome + KvAttention.PrefillElements(shape, wide, hasGpu, windows.Count > 0));
        ofARow += policy.GpuBatchCount > 1 ? halfway : 0;
        ofARow += StoreQueue.Most * atHome;
        ofARow += (HiddenOnCompute(policy) * shape.HiddenSize) + (policy.GpuBatchCount * ((2L * shape.HeadDim) + (indexBytes / size)));
        var logits = (double)Math.Max(policy.GpuBatchSize, Policy.LeastRowsOnCpu) * policy.GpuBatchCount * shape.VocabularySize;
        var masks = policy.GpuBatchCount * windows.Sum(ScaledDotProduct.MaskElements);
        return ((policy.MostRows * (double)ofARow) + logits + masks) * size;
    }
}
