using FlexGen.Engine.Models;
using FlexGen.Engine.State;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>Fits weights, KV cache and activations under the user's budget, or says what does not fit.</summary>
internal static class MemoryPlan
{
    private const int DefaultSequenceLength = 4096;
    private const double GiB = 1L << 30;

    /// <summary>The policy that the options and the budget leave.</summary>
    /// <exception cref="EngineException">It does not fit; the message names what binds and what would lift it.</exception>
    public static Policy Choose(Model model, ScalarType type, Device device, EngineOptions options)
    {
        var shape = model.Shape;
        var length = SequenceLength(shape, options);
        var count = AtLeastOne(options.GpuBatchCount, "number of GPU batches");
        var (budget, setting) = Budget(device, options);
        var most = device.type == TorchSharp.DeviceType.CPU ? 64 : 256;
        var slots = options.GpuBatchSize is { } asked
            ? AtLeastOne(asked, "GPU batch size")
            : Enumerable.Range(1, most).LastOrDefault(n => Of(n).Compute <= budget, 1);
        var chosen = Of(slots);
        RequireHost(model, chosen.Policy, type, device, options);
        return chosen.Compute <= budget ? chosen.Policy : throw new EngineException(
            $"{shape.Name} does not fit: its weights on the compute device take {chosen.Weights / GiB:0.00} GiB in {type}, and {slots} x {count} slots "
            + $"of {length} tokens {(chosen.Compute - chosen.Weights) / GiB:0.00} GiB, but {setting} is {budget / GiB:0.00} GiB. Raise {setting}, "
            + "lower the GPU batch size or the maximum sequence length, choose a smaller data type, or move a share to another tier");

        (Policy Policy, double Weights, double Compute) Of(int n)
        {
            var policy = new Policy(n, count, length)
            {
                Weights = Valid(options.Weights, "weights"),
                Cache = Valid(options.Cache, "KV cache"),
                Hidden = Valid(options.Hidden, "hidden states"),
                AttentionOnHost = options.AttentionOnHost,
            };
            var weights = ComputeWeights(model, policy, type);
            return (policy, weights, weights + SlotBytes(shape, policy, type));
        }
    }

    /// <summary>Weights, KV cache and hidden states that rest in host memory, beside a GPU, must fit the host's budget.</summary>
    private static void RequireHost(Model model, Policy policy, ScalarType type, Device device, EngineOptions options)
    {
        if (device.type == TorchSharp.DeviceType.CPU || options.HostMemory is not { } budget)
        {
            return;
        }

        var weights = WeightBytes(model, type) * policy.Weights.Host / 100;
        var cache = KvCache.Bytes(model.Shape, (long)policy.Cache.Split(policy.GpuBatchSize).Host * policy.GpuBatchCount, policy.SequenceLength, type);
        var (_, onHost, onDisk) = policy.Hidden.Split(policy.GpuBatchCount);
        var hidden = HiddenStore.Bytes(model.Shape, policy, type) * (onHost + onDisk);
        if (weights + cache + hidden > budget)
        {
            throw new EngineException(
                $"{model.Shape.Name} does not fit host memory: weights take {weights / GiB:0.00} GiB there, the KV cache {cache / GiB:0.00} GiB and hidden states "
                + $"{hidden / GiB:0.00} GiB, but host memory is {budget / GiB:0.00} GiB. Raise it, lower the batch, or move a share to another tier");
        }
    }

    private static Placement Valid(Placement placement, string name) => placement.IsValid ? placement : throw new EngineException(
        $"The {name} are placed {placement} per cent on GPU, host and disk; give shares of 0 or more that make 100 together");

    private static int AtLeastOne(int value, string name) => value >= 1 ? value : throw new EngineException($"The {name} is {value}; give 1 or more");

    private static int SequenceLength(ModelShape shape, EngineOptions options)
    {
        var length = options.MaxSequenceLength ?? Math.Min(shape.ContextLength, DefaultSequenceLength);
        return length >= 2 && length <= shape.ContextLength ? length : throw new EngineException(
            $"The maximum sequence length is {length}; {shape.Name} can have 2 to {shape.ContextLength} tokens");
    }

    private static (long Bytes, string Setting) Budget(Device device, EngineOptions options) => device.type == TorchSharp.DeviceType.CPU
        ? (options.HostMemory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3, "host memory")
        : (options.GpuMemory ?? CudaDriver.FreeMemory() / 10 * 9, "GPU memory");

    /// <summary>Weights on the compute device: the share that rests there, and two buffers for one layer's streamed share.</summary>
    private static double ComputeWeights(Model model, Policy policy, ScalarType type)
    {
        var (total, largest) = (WeightBytes(model, type), model.Layers.Max(l => Bytes(l.Weights, type)));
        return (total * policy.Weights.Gpu / 100) + (2 * largest * (100 - policy.Weights.Gpu) / 100);
    }

    private static double WeightBytes(Model model, ScalarType type) => Bytes(model.Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name), type);

    private static double Bytes(IEnumerable<WeightSpec> weights, ScalarType type) =>
        weights.Sum(w => w.Shape.Aggregate(1L, (a, b) => a * b)) * DataTypes.Size(type);

    /// <summary>
    /// KV cache and activations on the compute device. Of each row one layer's pass holds at once: the input, the residual and their
    /// norms, query, key, value and attention's output, and the feed-forward network's two or three; of each sequence the logits.
    /// Between layers each micro-batch holds its rows' hidden states.
    /// </summary>
    private static double SlotBytes(ModelShape shape, Policy policy, ScalarType type)
    {
        var rows = Math.Min((long)policy.GpuBatchSize * policy.SequenceLength, OffloadEngine.PrefillTokensPerPass + policy.SequenceLength);
        var perRow = (5L * shape.HiddenSize) + (4L * shape.Heads * shape.HeadDim) + (3L * shape.FeedForwardSize);
        var between = rows * shape.HiddenSize * policy.Hidden.Split(policy.GpuBatchCount).Gpu;
        var activations = ((rows * perRow) + between + ((long)policy.EffectiveBatchSize * shape.VocabularySize)) * DataTypes.Size(type);
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        var buffers = 2.0 / shape.DecoderLayers * (policy.BroughtToGpu(host) + policy.BroughtToGpu(disk));
        return activations + KvCache.Bytes(shape, (long)gpu * policy.GpuBatchCount, policy.SequenceLength, type)
            + (KvCache.Bytes(shape, 1, policy.SequenceLength, type) * buffers);
    }
}
