using FlexGen.Engine.Attention;
using FlexGen.Engine.Models;
using FlexGen.Engine.Movement;
using FlexGen.Engine.State;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Schedule;

/// <summary>
/// One micro-batch's sweep when all its sequences decode and everything rests on the GPU: recorded once, then given to the GPU by one
/// call, where the processor takes longer to issue some hundred operations than the GPU to do them. Row n is slot n; a free slot's row
/// computes on token 0 and touches no cache.
/// </summary>
internal sealed class DecodeGraph : IDisposable
{
    /// <summary>With more rows the GPU has so much to do that the processor keeps up.</summary>
    private const long MostBytes = 256 << 20;

    private readonly Model model;
    private readonly WeightStore weights;
    private readonly KvAttention attention;
    private readonly ForwardContext context;
    private readonly CudaGraph graph;
    private IReadOnlyList<IDisposable> kept = [];
    private Tensor? logits;

    public DecodeGraph(Model model, WeightStore weights, KvCache cache, Policy policy, int microBatch, Device device)
    {
        (this.model, this.weights) = (model, weights);
        using var scope = NewDisposeScope();
        var layout = RowLayout.Decoding(policy.GpuBatchSize, policy.SequenceLength);
        attention = new(layout, cache, microBatch, device);
        attention.SetDecodes(new RowLayout.Decode[policy.GpuBatchSize]);
        context = new(On(layout.TokenIds), On(layout.Positions), On(layout.LastRows), attention);
        graph = CudaGraph.Capture(ComputeMemory.Gpu(device)!.Value, Forward);

        Tensor On(long[] values) => tensor(values).to(device).DetachFromDisposeScope();
    }

    /// <summary>What the graphs of all micro-batches keep on the GPU; 0 if there are none under this policy.</summary>
    public static long Bytes(ModelShape shape, Policy policy, ScalarType type)
    {
        var rows = (long)policy.EffectiveBatchSize;
        var bytes = rows * ((MemoryNeeds.ElementsOfARow(shape, hasGpu: true) * shape.DecoderLayers) + shape.VocabularySize) * DataTypes.Size(type);
        var resident = (policy.Weights, policy.Cache, policy.Hidden) == (Placement.AllGpu, Placement.AllGpu, Placement.AllGpu);
        return policy.RecordsDecode && resident && bytes <= MostBytes ? bytes : 0;
    }

    /// <summary>Computes a sweep.</summary>
    /// <param name="layout">Its rows, all of them decoding.</param>
    public void Launch(RowLayout layout)
    {
        using var scope = NewDisposeScope();
        var slots = context.LastRows.shape[0];
        var (tokens, positions, decodes) = (new long[slots], new long[slots], new RowLayout.Decode[slots]);
        for (var row = 0; row < layout.Slots.Length; row++)
        {
            var slot = layout.Slots[row];
            (tokens[slot], positions[slot], decodes[slot]) = (layout.TokenIds[row], layout.Positions[row], layout.Decodes[row]);
        }

        context.TokenIds.copy_(tensor(tokens));
        context.Positions.copy_(tensor(positions));
        attention.SetDecodes(decodes);
        graph.Launch();
    }

    /// <summary>The logits of the last launch, [sequences, vocabulary], in the layout's order. The caller disposes them.</summary>
    public Tensor Logits(RowLayout layout)
    {
        using var scope = NewDisposeScope();
        var slots = tensor(Array.ConvertAll(layout.Slots, s => (long)s));
        return logits!.index_select(0, slots.to(logits.device)).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        graph.Dispose();
        attention.Dispose();
        foreach (var tensor in (IDisposable[])[.. kept, context.TokenIds, context.Positions, context.LastRows])
        {
            tensor.Dispose();
        }
    }

    /// <summary>All layers. What it computes with is kept until it is called again: a graph uses the same memory each time.</summary>
    private void Forward()
    {
        using var scope = NewDisposeScope();
        Forget();
        Tensor? hidden = null;
        for (var index = 0; index < model.Layers.Count; index++)
        {
            var used = weights.Use(index);
            if (model.Layers[index] is DecoderLayer layer)
            {
                var attended = attention.Begin(layer.Project(hidden!, used, context));
                scope.Attach(attended);
                hidden = layer.Complete(hidden!, attended, used);
            }
            else
            {
                hidden = model.Layers[index].Forward(hidden, used, context);
            }
        }

        logits = hidden;
        kept = scope.DisposablesView;
        scope.Detach(kept);
    }

    private void Forget()
    {
        context.Rotary = null;
        attention.Store();
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }
    }
}
