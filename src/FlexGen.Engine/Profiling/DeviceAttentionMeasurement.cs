using FlexGen.Engine.Cache;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>Attention on the compute device, and operations on elements there.</summary>
/// <param name="scale">How much is measured.</param>
/// <param name="device">The compute device.</param>
/// <param name="type">The computed type.</param>
internal sealed class DeviceAttentionMeasurement(ProfileScale scale, Device device, ScalarType type)
{
    private const int Heads = ProfileScale.Heads, HeadDim = ProfileScale.HeadDim;

    /// <summary>Decode attention on a GPU, by the cache's format.</summary>
    public Dictionary<string, AttentionRates> MeasureDecode(Timing timing)
    {
        var (plain, packed) = (DataTypes.Format(type), ElementFormat.Int4Heads(HeadDim));
        return new() { [plain.Name] = Rates(timing, plain), [packed.Name] = Rates(timing, packed) };
    }

    /// <summary>Operations per second of prompts' attention by their length.</summary>
    public Curve MeasurePrefill(Timing timing) => new([.. scale.Prompts.Select(length =>
    {
        using var scope = NewDisposeScope();
        var shape = new long[] { Math.Max(1, scale.PromptTokens / length), Heads, length, HeadDim };
        var (query, key, value) = (Random(shape), Random(shape), Random(shape));
        var seconds = timing.OnDevice(_ => ScaledDotProduct.Causal(query, key, value, 1 / Math.Sqrt(HeadDim)).Dispose(), recorded: false);
        return new CurvePoint(length, 2.0 * length * length * Heads * HeadDim * shape[0] / seconds);
    })]);

    /// <summary>Bytes per second that operations on elements read and write.</summary>
    public double MeasureElements(Timing timing)
    {
        using var scope = NewDisposeScope();
        var x = Random(ComputeMemory.Gpu(device) is null ? [512, Heads * HeadDim] : [8192, 4 * Heads * HeadDim]);
        return 2 * x.ByteCount() / timing.OnDevice(_ => x.neg().Dispose(), recorded: false);
    }

    private Tensor Random(params long[] shape) => randn(shape, device: device).to(type);

    private AttentionRates Rates(Timing timing, ElementFormat format) => new(Decode(timing, format, 1), Decode(timing, format, AttentionRates.GroupedHeads));

    private Curve Decode(Timing timing, ElementFormat format, int group)
    {
        using var scope = NewDisposeScope();
        var kvHeads = Heads / group;
        var shape = new ModelShape("profile", 1, Heads * HeadDim, Heads, kvHeads, HeadDim, 1, ProfileScale.Tokens);
        var slab = new SlabShape(ProfileScale.Tokens, scale.Sequences[^1] * group, kvHeads, HeadDim, format);
        var slabs = new DecodeAttention.Slabs(Numbers(slab.Bytes).Address(), Numbers(slab.Bytes).Address(), slab.Slots);
        var curve = new List<CurvePoint>();
        foreach (var alike in scale.Sequences.Select(n => new DecodeKernelPlan(shape, format, n * group, slab.Tokens)).GroupBy(p => p.Chunk))
        {
            // Runs of as many slots have kernels of this kind, of which the largest takes all of the group.
            using var kernel = new DecodeAttention(alike.MaxBy(p => p.Slots)!, type, format, device);
            curve.AddRange(alike.Select(plan => Measure(kernel, plan.Slots)));
        }

        return new(curve);

        CurvePoint Measure(DecodeAttention kernel, int n)
        {
            var (query, output) = (Random(n, Heads, HeadDim), Random(n, Heads * HeadDim));
            var (key, value) = (Row(n), Row(n));
            var turns = Enumerable.Range(0, slab.Slots / n).Select(t => Places(t * n, n)).ToList();
            var seconds = timing.OnDevice(turn => kernel.Forward(
                (query, 0), key, value, slabs, (output, 0), turns[turn % turns.Count], slab.Tokens, 1 / Math.Sqrt(HeadDim), null));
            return new CurvePoint(2.0 * n * slab.Tokens * slab.RowBytes, seconds);
        }

        Tensor Row(int n) => format.BlockElements > 1 ? Numbers(n * slab.RowBytes) : Random(n, kvHeads, HeadDim);

        Tensor Places(int first, int count) =>
            tensor([.. Enumerable.Range(first, count).SelectMany(s => new[] { s, slab.Tokens })]).reshape(-1, 2).to(device);
    }

    /// <summary>Bytes that are small numbers in any format, the scales of 4-bit ones included.</summary>
    private Tensor Numbers(long bytes) => randint(0x3000, 0x30ff, [bytes / sizeof(short)], ScalarType.Int16, device);
}
