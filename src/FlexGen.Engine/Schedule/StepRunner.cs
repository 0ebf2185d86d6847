using FlexGen.Engine.Attention;
using FlexGen.Engine.Models;
using FlexGen.Engine.Movement;
using FlexGen.Engine.State;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Schedule;

/// <summary>Executes the steps of a schedule.</summary>
internal sealed class StepRunner(Model model, WeightStore weights, KvCache cache, HiddenStore hidden, int? weightPages, Device device, Trace? trace) : IDisposable
{
    private readonly Dictionary<int, Pass> passes = [];
    private (int Layer, LayerWeights Weights)? current;

    /// <summary>Lays out what a micro-batch computes in the coming sweep.</summary>
    public RowLayout Begin(int microBatch, IReadOnlyList<Sequence?> slots)
    {
        using var scope = NewDisposeScope();
        // Below 16 rows the CPU's matrix products round differently; on a GPU the sequences of a micro-batch fill the rows anyway.
        var layout = RowLayout.Create(slots, leastRows: device.type == TorchSharp.DeviceType.CPU ? 16 : 1);
        passes[microBatch] = new(layout, new KvAttention(layout, cache, microBatch, device), device);
        return layout;
    }

    public void Execute(Step step)
    {
        if (trace is null)
        {
            Run(step);
            return;
        }

        var stream = device.type == TorchSharp.DeviceType.CPU || step.Verb is not (Verb.Compute or Verb.StoreHidden) ? null : CudaStream.Compute;
        var name = $"{step.Verb} {step.Layer},{step.MicroBatch}";
        var (host, compute) = (trace.Begin("engine thread", name), stream is null ? null : trace.Begin("compute", name, stream));
        Run(step);
        trace.End(host);
        if (compute is not null)
        {
            trace.End(compute, stream);
        }
    }

    private void Run(Step step)
    {
        switch (step.Verb)
        {
            case Verb.LoadWeights when step.MicroBatch < 0:
                weights.Load(step.Layer, 0, 1);
                break;
            case Verb.LoadWeights:
                weights.Load(step.Layer, step.MicroBatch, weightPages ?? passes.Count);
                break;
            case Verb.LoadCache when model.AttentionLayer(step.Layer) is { } attentionLayer:
                passes[step.MicroBatch].Attention.Load(attentionLayer);
                break;
            case Verb.LoadHidden:
                hidden.Load(step.MicroBatch);
                break;
            case Verb.Compute:
                if (current?.Layer != step.Layer)
                {
                    current = (step.Layer, weights.Use(step.Layer));
                }

                hidden.Return(step.MicroBatch, passes[step.MicroBatch]);
                passes[step.MicroBatch].Compute(model.Layers[step.Layer], current.Value.Weights);
                break;
            case Verb.StoreHidden:
                passes[step.MicroBatch].Complete();
                ReleaseWeights(step);
                if (step.Layer + 1 < model.Layers.Count)
                {
                    hidden.Store(step.MicroBatch, passes[step.MicroBatch]);
                }

                break;
            case Verb.StoreCache:
                passes[step.MicroBatch].Attention.Store();
                break;
        }
    }

    /// <summary>The logits of a micro-batch after the last layer, [sequences (and filler), vocabulary]. The caller disposes them.</summary>
    public Tensor End(int microBatch)
    {
        passes.Remove(microBatch, out var pass);
        using (pass)
        {
            return pass!.Exchange(null)!;
        }
    }

    public void Dispose()
    {
        foreach (var pass in passes.Values)
        {
            pass.Dispose();
        }
    }

    /// <summary>After the sweep's last micro-batch the compute device has been given all it does with a layer's weights.</summary>
    private void ReleaseWeights(Step step)
    {
        if (step.MicroBatch == passes.Keys.Max())
        {
            weights.Release(step.Layer);
        }
    }
}
