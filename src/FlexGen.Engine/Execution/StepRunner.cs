using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Tracing;
using FlexGen.Engine.Weights;
using FlexGen.Interop;
using FlexGen.Planning.Schedule;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>Executes the steps of a schedule; a micro-batch's sweep that can be recorded it gives to the GPU whole.</summary>
internal sealed class StepRunner(
    Model model, WeightStore weights, KvCache cache, HiddenStore hidden, Device device, (int Rows, int Logits) least, Trace? trace,
    Func<int, DecodeGraph>? record) : IDisposable
{
    private readonly Dictionary<int, Pass> passes = [];
    private readonly Dictionary<int, DecodeGraph> graphs = [];
    private readonly List<int> recorded = [];
    private (int Layer, LayerWeights Weights)? current;
    private int last;

    /// <summary>
    /// Lays out what a micro-batch computes in the coming sweep, and prepares its graph where the sweep is recorded. The schedule takes
    /// micro-batches in the order in which they begin.
    /// </summary>
    public RowLayout Begin(int microBatch, IReadOnlyList<Sequence?> slots)
    {
        using var scope = NewDisposeScope();
        var layout = RowLayout.Create(slots, least.Rows, least.Logits);
        if (record is null || layout.Prefills.Count > 0)
        {
            passes[microBatch] = new(model, layout.Context(device), new(layout, cache, microBatch, device));
            last = microBatch;
            return layout;
        }

        if (!graphs.TryGetValue(microBatch, out var graph))
        {
            graphs.Add(microBatch, graph = record(microBatch));
        }

        graph.Prepare(layout);
        recorded.Add(microBatch);
        return layout;
    }

    /// <summary>Gives the GPU the sweeps that are recorded.</summary>
    public void Launch()
    {
        recorded.ForEach(k => Traced($"Decode {k}", computes: true, graphs[k].Launch));
        recorded.Clear();
    }

    /// <summary>Whether a micro-batch's sweep is computed in steps.</summary>
    public bool HasSteps(int microBatch) => passes.ContainsKey(microBatch);

    public void Execute(Step step)
    {
        if (trace is null)
        {
            Run(step);
            return;
        }

        Traced(step.Name, step.Verb is Verb.Project or Verb.Attend or Verb.Complete or Verb.StoreHidden, () => Run(step));
    }

    private void Traced(string name, bool computes, Action work)
    {
        if (trace is null)
        {
            work();
            return;
        }

        var stream = computes && device.type != TorchSharp.DeviceType.CPU ? CudaStream.Current : null;
        var (host, compute) = (trace.Begin(Trace.Engine, name), stream is null ? null : trace.Begin(Trace.Compute, name, stream));
        work();
        trace.End(host);
        if (compute is not null)
        {
            trace.End(compute, stream);
        }
    }

    private void Run(Step step)
    {
        switch (step)
        {
            case WeightStep load:
                weights.Load(load.Layer, load.Page, load.Pages);
                break;
            case MicroBatchStep one:
                Run(one, passes[one.MicroBatch]);
                break;
        }
    }

    private void Run(MicroBatchStep step, Pass pass)
    {
        switch (step.Verb)
        {
            case Verb.LoadCache:
                pass.LoadCache(step.Layer);
                break;
            case Verb.LoadHidden:
                hidden.Load(step.MicroBatch);
                break;
            case Verb.Project:
                if (hidden.Take(step.MicroBatch) is { } back)
                {
                    pass.PutHidden(back);
                }

                pass.Project(step.Layer, Weights(step.Layer));
                break;
            case Verb.Attend:
                pass.Attend();
                break;
            case Verb.Complete:
                pass.Complete();
                ReleaseWeights(step);
                break;
            case Verb.StoreHidden when step.Layer + 1 < model.Layers.Count && hidden.Leaves(step.MicroBatch):
                hidden.Store(step.MicroBatch, pass.TakeHidden());
                break;
            case Verb.StoreCache:
                pass.StoreCache();
                break;
        }
    }

    /// <summary>A layer's weights, which the compute device waits for once.</summary>
    private LayerWeights Weights(int layer)
    {
        if (current?.Layer != layer)
        {
            current = (layer, weights.Use(layer));
        }

        return current.Value.Weights;
    }

    /// <summary>The logits of a micro-batch after the last layer, [sequences (and filler), vocabulary]. The caller disposes them.</summary>
    public Tensor End(int microBatch, RowLayout layout)
    {
        if (!passes.Remove(microBatch, out var pass))
        {
            return graphs[microBatch].Logits(layout);
        }

        using (pass)
        {
            return pass.TakeHidden();
        }
    }

    public void Dispose()
    {
        foreach (var pass in passes.Values)
        {
            pass.Dispose();
        }
    }

    /// <summary>Frees the graphs, which must go before the memory and the kernels that they use.</summary>
    public void DisposeGraphs()
    {
        foreach (var graph in graphs.Values)
        {
            graph.Dispose();
        }

        graphs.Clear();
    }

    /// <summary>After the sweep's last micro-batch the compute device has been given all it does with a layer's weights.</summary>
    private void ReleaseWeights(MicroBatchStep step)
    {
        if (step.MicroBatch == last)
        {
            weights.Release(step.Layer);
        }
    }
}
