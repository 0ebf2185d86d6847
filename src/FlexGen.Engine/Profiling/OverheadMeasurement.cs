using FlexGen.Engine.Batch;
using FlexGen.Engine.Models;
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
    private const int Few = 2, More = 12, Rounds = 4, Vocabulary = 50272, LogitRows = 32;

    /// <summary>By the kind of layer.</summary>
    public (Dictionary<string, LayerOverhead> Layers, SweepOverhead Sweep) Measure()
    {
        var (opt, llama) = (Kind("opt"), Kind("llama"));
        var many = Line("opt", scale.Slots, recorded: false);
        var perRow = Math.Max(0, many.Sweep - opt.Fixed) / (scale.Slots - 1);
        return (new() { ["opt"] = opt.Layer, ["llama"] = llama.Layer }, new(Math.Min(opt.Fixed, llama.Fixed), perRow, LogitSeconds()));
    }

    private (LayerOverhead Layer, double Fixed) Kind(string kind)
    {
        var issued = Line(kind, 1, recorded: false);
        return (new(issued.Layer, device.type == TorchSharp.DeviceType.CPU ? 0 : Line(kind, 1, recorded: true).Layer), issued.Sweep);
    }

    /// <summary>Seconds of a layer, and of a sweep without any.</summary>
    private (double Layer, double Sweep) Line(string kind, int slots, bool recorded)
    {
        var (few, more) = (Sweep(kind, Few, slots, recorded), Sweep(kind, More, slots, recorded));
        var layer = Math.Max(0, more - few) / (More - Few);
        return (layer, Math.Max(0, few - (Few * layer)));
    }

    /// <summary>Seconds of a decoding sweep.</summary>
    private double Sweep(string kind, int layers, int slots, bool recorded)
    {
        using var engine = OffloadEngine.LoadDummy(PublishedShapes.Tiny(kind, layers), options with
        {
            GpuBatchSize = slots,
            MaxSequenceLength = scale.Sweeps + 8,
            RecordsDecode = recorded,
        });
        var requests = Enumerable.Range(0, slots).Select(_ => new GenerationRequest([1, 2], new()) { MaxNewTokens = scale.Sweeps, IgnoreEos = true }).ToList();
        engine.GenerateAllAsync(requests).GetAwaiter().GetResult();
        return Enumerable.Range(0, Rounds).Min(_ => Round());

        double Round()
        {
            var before = engine.Statistics;
            engine.GenerateAllAsync(requests).GetAwaiter().GetResult();
            var statistics = engine.Statistics - before;
            return statistics.InDecode.TotalSeconds / (statistics.Sweeps - 1);
        }
    }

    /// <summary>Of the choice of tokens from logits, by an element of them.</summary>
    private double LogitSeconds()
    {
        using var scope = NewDisposeScope();
        var logits = randn(LogitRows, Vocabulary, device: device).to(type);
        using var few = logits.narrow(1, 0, 512).contiguous();
        var rows = Enumerable.Range(0, LogitRows).Select(n => (n, new Sequence(new([1], new()), default))).ToList();
        var timing = new Timing(device, scale.Seconds);
        var (all, some) = (timing.OnHost(_ => NextTokens.Choose(logits, rows)), timing.OnHost(_ => NextTokens.Choose(few, rows)));
        return Math.Max(0, all - some) / (logits.numel() - few.numel());
    }
}
