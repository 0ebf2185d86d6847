using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning.Schedule;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>
/// Executes the steps of a schedule; a micro-batch's sweep that can be recorded it gives to the GPU whole, or layer by layer to several.
/// </summary>
/// <param name="model">The layers.</param>
/// <param name="map">Which compute device has which of them.</param>
/// <param name="stages">The devices.</param>
/// <param name="hidden">The hidden states between layers.</param>
/// <param name="least">Fewest rows of a pass, and of its logits.</param>
/// <param name="trace">What records the steps; null: nothing does.</param>
/// <param name="record">Records a micro-batch's decoding sweep; null: none is.</param>
internal sealed class StepRunner(
    Model model, StageMap map, IReadOnlyList<Stage> stages, HiddenStore hidden, (int Rows, int Logits) least, Trace? trace,
    Func<int, DecodeGraph>? record) : IDisposable
{
    private readonly Dictionary<int, Pass> passes = [];
    private readonly Dictionary<int, DecodeGraph> graphs = [];
    private readonly HashSet<int> recorded = [];
    private readonly (int Layer, LayerWeights Weights)?[] current = new (int, LayerWeights)?[stages.Count];
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
            passes[microBatch] = new(
                model, map, [.. stages.Select(s => (layout.Context(s.Device, s.Rows), new KvAttention(layout, s.Cache, microBatch, s.Device)))]);
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

    /// <summary>Gives the GPU the sweeps that are recorded whole.</summary>
    public void Launch()
    {
        foreach (var k in recorded.Where(k => !HasSteps(k)))
        {
            Traced($"Decode {k}", computes: true, () => graphs[k].Launch(layer: 0));
        }
    }

    /// <summary>Whether a micro-batch's sweep is computed in steps.</summary>
    public bool HasSteps(int microBatch) => stages.Count > 1 || passes.ContainsKey(microBatch);

    public void Execute(Step step)
    {
        var stage = stages[map.Of(step.Layer)];
        if (stage.Tiers.IsOneOfSeveral)
        {
            stage.Use();
        }

        try
        {
            if (trace is null)
            {
                Run(step);
                return;
            }

            Traced(step.Name, step.Verb is Verb.Project or Verb.Attend or Verb.Complete or Verb.StoreHidden, () => Run(step));
        }
        catch (Exception exception) when (stage.Tiers.IsOneOfSeveral)
        {
            throw stage.Tiers.Named(exception);
        }
    }

    private void Traced(string name, bool computes, Action work)
    {
        if (trace is null)
        {
            work();
            return;
        }

        var stream = computes && stages[0].Tiers.HasGpu ? CudaStream.Current : null;
        var (host, compute) = (trace.Begin(Trace.Engine, name), stream is null ? null : trace.BeginCompute(name, stream));
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
                stages[map.Of(load.Layer)].Weights.Load(load.Layer, load.Page, load.Pages);
                break;
            case MicroBatchStep one when passes.TryGetValue(one.MicroBatch, out var pass):
                Run(one, pass);
                break;
            case MicroBatchStep { Verb: Verb.Project } one when recorded.Contains(one.MicroBatch):
                graphs[one.MicroBatch].Launch(one.Layer);
                break;
        }
    }

    private void Run(MicroBatchStep step, Pass pass)
    {
        var stage = map.Of(step.Layer);
        switch (step.Verb)
        {
            case Verb.LoadCache:
                pass.LoadCache(step.Layer);
                break;
            case Verb.LoadHidden:
                hidden.Load(step.MicroBatch, stage);
                break;
            case Verb.Project:
                if (hidden.Take(step.MicroBatch, stage) is { } back)
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
            case Verb.StoreHidden when step.Layer + 1 < model.Layers.Count && (hidden.Rests(step.MicroBatch) || map.Leaves(step.Layer)):
                hidden.Store(step.MicroBatch, pass.TakeHidden(), stage, map.Of(step.Layer + 1));
                break;
            case Verb.StoreCache:
                pass.StoreCache(step.Layer);
                break;
        }
    }

    /// <summary>A layer's weights, which the compute device waits for once.</summary>
    private LayerWeights Weights(int layer)
    {
        var stage = map.Of(layer);
        if (current[stage]?.Layer != layer)
        {
            current[stage] = (layer, stages[stage].Weights.Use(layer));
        }

        return current[stage]!.Value.Weights;
    }

    /// <summary>
    /// The logits of a micro-batch after the last layer, [sequences (and filler), vocabulary], whose device becomes the current one. The caller disposes them.
    /// </summary>
    public Tensor End(int microBatch, RowLayout layout)
    {
        recorded.Remove(microBatch);
        stages[map.Of(model.Layers.Count - 1)].Use();
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
            var stage = map.Of(step.Layer);
            stages[stage].Weights.Release(step.Layer);
            current[stage] = null;
        }
    }
}
