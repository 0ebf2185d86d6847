using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Schedule;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>
/// One micro-batch's sweep when all its sequences decode and everything rests on the GPU: recorded once, then given to the GPU by one
/// call, where the processor takes longer to issue some hundred operations than the GPU to do them. Of several GPUs each has its layers recorded
/// one by one. Row n is slot n; a free slot's row computes on token 0 and touches no cache.
/// </summary>
internal sealed class DecodeGraph : IDisposable
{
    private readonly Model model;
    private readonly StageMap map;
    private readonly IReadOnlyList<Stage> stages;
    private readonly HiddenStore store;
    private readonly int microBatch;
    private readonly List<(ForwardContext Context, KvAttention Attention)> parts = [];
    private readonly Pass pass;
    private readonly List<Segment> segments = [];
    private Tensor? landed;

    public DecodeGraph(Model model, StageMap map, IReadOnlyList<Stage> stages, HiddenStore store, Policy policy, int microBatch)
    {
        (this.model, this.map, this.stages, this.store, this.microBatch) = (model, map, stages, store, microBatch);
        using var scope = NewDisposeScope();
        var layout = RowLayout.Decoding(policy.GpuBatchSize, policy.SequenceLength);
        foreach (var stage in stages)
        {
            stage.Use();
            parts.Add((layout.Context(stage.Device, stage.Rows) with { KeepsAll = true }, new(layout, stage.Cache, microBatch, stage.Device)));
            parts[^1].Attention.SetDecodes(new RowLayout.Decode[policy.GpuBatchSize]);
        }

        pass = new(model, map, parts);
        try
        {
            for (var first = 0; first < model.Layers.Count; first = segments[^1].End)
            {
                Record(first);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives the GPUs what the next launch computes on.</summary>
    /// <param name="layout">Its rows, all of them decoding.</param>
    public void Prepare(RowLayout layout)
    {
        using var scope = NewDisposeScope();
        var slots = parts[0].Context.LastRows.shape[0];
        var (tokens, positions, decodes) = (new long[slots], new long[slots], new RowLayout.Decode[slots]);
        for (var row = 0; row < layout.Slots.Length; row++)
        {
            var slot = layout.Slots[row];
            (tokens[slot], positions[slot], decodes[slot]) = (layout.TokenIds[row], layout.Positions[row], layout.Decodes[row]);
        }

        foreach (var (context, attention) in parts)
        {
            // The driver has read pageable memory when the call returns; no thread waits until the device gets there.
            context.TokenIds.copy_(tensor(tokens), nonBlocking: true);
            context.Positions.copy_(tensor(positions), nonBlocking: true);
            attention.SetDecodes(decodes);
        }
    }

    /// <summary>
    /// Computes the layers that were recorded together, of which this is the first, on the current GPU; any other is computed with one before.
    /// </summary>
    public void Launch(int layer)
    {
        if (segments.Find(s => s.First == layer) is not { } segment)
        {
            return;
        }

        if (layer > 0)
        {
            // The recording has the place.
            store.Take(microBatch, map.Of(layer))!.Dispose();
        }

        segment.Graph!.Launch();
        if (segment.End < model.Layers.Count)
        {
            store.Store(microBatch, segment.Output!.alias(), map.Of(layer), map.Of(segment.End));
        }
    }

    /// <summary>
    /// The logits of the last launch, [sequences, vocabulary], in the layout's order; they may be the next launch's, too. The caller disposes them.
    /// </summary>
    public Tensor Logits(RowLayout layout)
    {
        using var scope = NewDisposeScope();
        var logits = segments[^1].Output!;
        if (layout.Slots.AsSpan().SequenceEqual([.. Enumerable.Range(0, (int)logits.shape[0])]))
        {
            return logits.alias().DetachFromDisposeScope();
        }

        var slots = tensor(Array.ConvertAll(layout.Slots, s => (long)s));
        return logits.index_select(0, slots.to(logits.device, non_blocking: true)).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var segment in segments)
        {
            stages[map.Of(segment.First)].Use();
            segment.Graph?.Dispose();
            Forget(segment);
        }

        landed?.Dispose();
        pass.Dispose();
    }

    private void Record(int first)
    {
        var stage = stages[map.Of(first)];
        var segment = new Segment(first, map.RunEnd(first));
        segments.Add(segment);
        stage.Use();
        segment.Graph = CudaGraph.Capture(ComputeMemory.Gpu(stage.Device)!.Value, () => Forward(segment));
    }

    /// <summary>
    /// Some layers. The tensors it makes are kept until it is called again: a graph uses the same memory each time. Memory freed while it
    /// is recorded would stay in libtorch's pool for this stream, where only later recordings would take it, whose launches follow this
    /// one's; but where memory runs short libtorch gives such a pool back to the driver. (What it makes within an operation, such as a
    /// norm's means, is in that pool.)
    /// </summary>
    private void Forward(Segment segment)
    {
        using var scope = NewDisposeScope();
        Forget(segment);
        segment.MakesRotary ??= parts[map.Of(segment.First)].Context.Rotary is null;
        if (segment.First > 0)
        {
            landed?.Dispose();
            var before = segments[^2].Output!;
            landed = store.Landing(microBatch, map.Of(segment.First), before.shape, before.dtype);
            pass.PutHidden(landed);
        }

        for (var layer = segment.First; layer < segment.End; layer++)
        {
            pass.Project(layer, stages[map.Of(layer)].Weights.Use(layer));
            pass.Attend();
            pass.Complete();
        }

        segment.Output = pass.TakeHidden();
        segment.Kept = scope.DisposablesView;
        scope.Detach(segment.Kept);
    }

    private void Forget(Segment segment)
    {
        if (segment.MakesRotary is true)
        {
            parts[map.Of(segment.First)].Context.ForgetRotary();
        }

        pass.StoreCache(segment.First);
        foreach (var tensor in segment.Kept)
        {
            tensor.Dispose();
        }

        segment.Kept = [];
    }

    /// <summary>Layers of one GPU that follow each other.</summary>
    private sealed record Segment(int First, int End)
    {
        public CudaGraph? Graph { get; set; }

        public Tensor? Output { get; set; }

        /// <summary>Whether the rotary embedding of its GPU's layers is made with it; null: that is not known yet.</summary>
        public bool? MakesRotary { get; set; }

        public IReadOnlyList<IDisposable> Kept { get; set; } = [];
    }
}
