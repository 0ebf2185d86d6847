using FlexGen.Engine.Batch;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>
/// What layers and sweeps cost however little they compute: the engine itself, with models of few and of more layers that are tiny, so that what
/// a layer adds is a layer's, and the rest a sweep's.
/// </summary>
/// <param name="scale">How much is measured.</param>
/// <param name="device">The compute device.</param>
/// <param name="type">The computed type.</param>
/// <param name="options">Names them.</param>
internal sealed class OverheadMeasurement(ProfileScale scale, Device device, ScalarType type, EngineOptions options)
{
    /// <summary>On a CPU a round takes several times as long.</summary>
    private readonly int rounds = device.type == TorchSharp.DeviceType.CPU ? 2 : 4;

    private readonly EngineOptions issuing = options with { RecordsDecode = false };

    /// <summary>What a sweep costs is told by sweeps whose layers cost least: what is issued one by one takes a different time each time.</summary>
    private readonly EngineOptions quiet = options with { RecordsDecode = device.type != TorchSharp.DeviceType.CPU };
    private const int Few = 2, More = 12, Vocabulary = 50272, LogitRows = 32;

    /// <summary>Sequences of a sweep of few: two, so that the same runs tell what prompts cost that are attended to together.</summary>
    private const int Slots = 2;

    /// <summary>By the kind of layer, without compression and with, and what a sweep costs.</summary>
    public (Dictionary<string, LayerOverhead> Layers, Dictionary<string, LayerOverhead> Packed, SweepOverhead Sweep) Measure()
    {
        var packed = issuing with { CompressWeights = Compression.Int4, CompressCache = Compression.Int4 };
        var (opt, llama) = (Kind("opt", issuing), Kind("llama", issuing));
        var (packedOpt, packedLlama) = (Kind("opt", packed), Kind("llama", packed));
        var many = Line("opt", scale.Slots, quiet);
        var perRow = Math.Max(0, many.Sweep - opt.Fixed) / (scale.Slots - Slots);
        var sweep = new SweepOverhead(Math.Min(opt.Fixed, llama.Fixed), perRow, LogitSeconds(), CopySeconds());
        return (new() { ["opt"] = opt.Layer, ["llama"] = llama.Layer }, new() { ["opt"] = packedOpt.Layer, ["llama"] = packedLlama.Layer }, sweep);
    }

    private (LayerOverhead Layer, double Fixed) Kind(string kind, EngineOptions how)
    {
        var issued = Line(kind, Slots, how);
        var recorded = device.type == TorchSharp.DeviceType.CPU ? issued with { Layer = 0 } : Line(kind, Slots, how with { RecordsDecode = true });
        // Two prompts that differ by a token are attended to together, and computed with no decoding row.
        var prompts = Math.Max(0, issued.Prefill - issued.Layer);
        // Without compression a product of many rows is one operation, too, and a CPU has none that depend on them.
        var alike = device.type == TorchSharp.DeviceType.CPU || how.CompressWeights == Compression.None;
        var many = alike ? issued.Layer : Line(kind, LayerOverhead.ManyRows + 32, how).Layer;
        return (new(issued.Layer, recorded.Layer, prompts, many), recorded.Sweep);
    }

    /// <summary>Seconds of a layer that decodes, of a sweep without any, and of a layer with prompts.</summary>
    private (double Layer, double Sweep, double Prefill) Line(string kind, int slots, EngineOptions how)
    {
        var (few, more) = (Sweep(kind, Few, slots, how), Sweep(kind, More, slots, how));
        var (layer, prefill) = (Math.Max(0, more.Decode - few.Decode) / (More - Few), Math.Max(0, more.Prefill - few.Prefill) / (More - Few));
        return (layer, Math.Max(0, few.Decode - (Few * layer)), prefill);
    }

    /// <summary>Seconds of a decoding sweep, and of one that computes all prompts.</summary>
    private (double Decode, double Prefill) Sweep(string kind, int layers, int slots, EngineOptions how)
    {
        using var engine = Engine(kind, layers, slots, how);
        var all = Enumerable.Range(0, rounds).Select(_ => Round(engine, slots)).ToList();
        return (all.Min(r => r.Decode), all.Min(r => r.Prefill));
    }

    /// <summary>
    /// What a layer takes longer whose weights are streamed. Both ways take turns: what a machine does beside them changes from second to second.
    /// </summary>
    private double CopySeconds()
    {
        using var resident = Engine("opt", More, Slots, issuing);
        using var streamed = Engine("opt", More, Slots, issuing with { Weights = new(0, 100) });
        var differences = Enumerable.Range(0, 2 * rounds).Select(_ => Round(streamed, Slots).Decode - Round(resident, Slots).Decode).Order().ToList();
        return Math.Max(0, differences[rounds]) / More;
    }

    /// <summary>A tiny model that has generated once.</summary>
    private OffloadEngine Engine(string kind, int layers, int slots, EngineOptions how)
    {
        var engine = OffloadEngine.LoadDummy(PublishedShapes.Tiny(kind, layers), how with { GpuBatchSize = slots, MaxSequenceLength = scale.Sweeps + 8 });
        Round(engine, slots);
        return engine;
    }

    private (double Decode, double Prefill) Round(OffloadEngine engine, int slots)
    {
        var before = engine.Statistics;
        var requests = Enumerable.Range(0, slots)
            .Select(n => new GenerationRequest(n % 2 == 0 ? [1, 2, 3, 4] : [1, 2, 3], new()) { MaxNewTokens = scale.Sweeps, IgnoreEos = true }).ToList();
        engine.GenerateAllAsync(requests).GetAwaiter().GetResult();
        var statistics = engine.Statistics - before;
        return (statistics.InDecode.TotalSeconds / (statistics.Sweeps - 1), statistics.InPrefill.TotalSeconds);
    }

    /// <summary>Of the choice of tokens from logits, by an element of them.</summary>
    private double LogitSeconds()
    {
        using var scope = NewDisposeScope();
        var logits = randn(LogitRows, Vocabulary, device: device).to(type);
        using var few = logits.narrow(1, 0, 512).contiguous();
        using var likeliest = device.type == TorchSharp.DeviceType.CPU ? null : new LikeliestTokens(type);
        var rows = Enumerable.Range(0, LogitRows).Select(n => (n, new Sequence(new([1], new()), default))).ToList();
        var timing = new Timing(device, scale.Seconds);
        var (all, some) = (timing.OnHost(_ => Choose(logits)), timing.OnHost(_ => Choose(few)));
        return Math.Max(0, all - some) / (logits.numel() - few.numel());

        void Choose(Tensor from)
        {
            using var next = new NextTokens(from.alias(), rows, likeliest);
            next.Choose();
        }
    }
}
