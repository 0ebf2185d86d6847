using FlexGen.Engine.Models;
using FlexGen.Engine.Schedule;
using FlexGen.Engine.State;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine;

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
        var (hiddenGpu, hiddenHost, hiddenDisk) = policy.Hidden.Split(policy.GpuBatchCount);
        var streamed = 2 * layers.Max(l => Aligned(l, Tier.Host) + Aligned(l, Tier.Disk));
        // Two slabs of keys and two of values for each part of the cache that is brought to where the attention runs.
        double Buffers(int slots) => 2.0 * KvCache.Bytes(shape, slots, policy.SequenceLength, type) / shape.DecoderLayers;
        double Cache(int slots) => KvCache.Bytes(shape, (long)slots * policy.GpuBatchCount, policy.SequenceLength, type);
        var hidden = HiddenStore.Bytes(shape, policy, type);
        var recorded = DecodeGraph.Bytes(model, policy, type);

        Compute =
        [
            ("weights", layers.SelectMany(l => l).Where(w => w.Tier == Tier.Gpu).DistinctBy(w => w.Spec.Name).Sum(w => WeightPlacement.Bytes(w.Spec, type))),
            ("two layers of streamed weights", streamed),
            ("KV cache", Cache(cacheGpu) + Buffers(policy.BroughtToGpu(cacheHost) + policy.BroughtToGpu(cacheDisk))),
            ("the recorded decode", recorded > 0 ? recorded + Workspace : 0),
            ("activations", Activations(shape, policy, hiddenGpu, hasGpu) * DataTypes.Size(type)),
            ("the CUDA context and its libraries", gpuBytesInUse + (hasGpu ? Workspace : 0)),
        ];
        Host =
        [
            ("weights", layers.Sum(l => Aligned(l, Tier.Host))),
            ("KV cache", Cache(cacheHost) + Buffers(cacheDisk - policy.BroughtToGpu(cacheDisk))),
            ("hidden states", hidden * (hiddenHost + hiddenDisk)),
            ("staging", hasGpu ? Staging(shape, policy, type, cacheHost, cacheDisk) : 0),
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

    private static double Staging(ModelShape shape, Policy policy, ScalarType type, int cacheHost, int cacheDisk)
    {
        var onHost = cacheHost - policy.BroughtToGpu(cacheHost) + cacheDisk - policy.BroughtToGpu(cacheDisk);
        return (policy.Weights.Disk > 0 ? WeightStore.StagingBytes : 0) + (cacheHost + cacheDisk > 0 ? 2 * CacheLanes.StagingBytes : 0)
            + ((double)HostDecode.RowBytes(shape, type) * onHost * policy.GpuBatchCount);
    }

    /// <summary>
    /// Elements of a row of one layer's pass: the input, the residual and their norms, query, key, value and attention's output, and the
    /// feed-forward network's two, or on a CPU three.
    /// </summary>
    private static long ElementsOfARow(ModelShape shape, bool hasGpu) =>
        (5L * shape.HiddenSize) + (4L * shape.Heads * shape.HeadDim) + ((hasGpu ? 2L : 3L) * shape.FeedForwardSize);

    /// <summary>Elements of one layer's pass at once, and of each sequence the logits. Between layers each micro-batch holds its rows' hidden states.</summary>
    private static double Activations(ModelShape shape, Policy policy, int restingOnGpu, bool hasGpu)
    {
        var rows = Math.Min((double)policy.GpuBatchSize * policy.SequenceLength, OffloadEngine.PrefillTokensPerPass + policy.SequenceLength);
        return (rows * ElementsOfARow(shape, hasGpu)) + (rows * shape.HiddenSize * restingOnGpu) + ((double)policy.EffectiveBatchSize * shape.VocabularySize);
    }
}
