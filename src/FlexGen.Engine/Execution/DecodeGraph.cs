using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Weights;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

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
    private readonly CudaGraph? graph;
    private IReadOnlyList<IDisposable> kept = [];
    private Tensor? logits;

    public DecodeGraph(Model model, WeightStore weights, KvCache cache, Policy policy, int microBatch, Device device)
    {
        (this.model, this.weights) = (model, weights);
        using var scope = NewDisposeScope();
        var layout = RowLayout.Decoding(policy.GpuBatchSize, policy.SequenceLength);
        attention = new(layout, cache, microBatch, device);
        attention.SetDecodes(new RowLayout.Decode[policy.GpuBatchSize]);
        context = layout.Context(device) with { KeepsAll = true };
        try
        {
            graph = CudaGraph.Capture(ComputeMemory.Gpu(device)!.Value, Forward);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the graphs of all micro-batches keep on the GPU; 0 if there are none under this policy.</summary>
    public static long Bytes(Model model, Policy policy, ScalarType type)
    {
        var (shape, size) = (model.Shape, DataTypes.Size(type));
        var layers = model.Layers.OfType<DecoderLayer>().Sum(l => l.Elements(sizeof(float) / size).Made + ((long)shape.Heads * shape.HeadDim));
        var bytes = policy.EffectiveBatchSize * (layers + (16L * (shape.HiddenSize + shape.HeadDim)) + shape.VocabularySize) * size;
        var resident = (policy.Weights, policy.Cache, policy.Hidden) == (Placement.AllGpu, Placement.AllGpu, Placement.AllGpu);
        return policy.RecordsDecode && resident && bytes <= MostBytes ? bytes : 0;
    }

    /// <summary>Gives the GPU what the next launch computes on.</summary>
    /// <param name="layout">Its rows, all of them decoding.</param>
    public void Prepare(RowLayout layout)
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
    }

    /// <summary>Computes a sweep.</summary>
    public void Launch() => graph!.Launch();

    /// <summary>The logits of the last launch, [sequences, vocabulary], in the layout's order. The caller disposes them.</summary>
    public Tensor Logits(RowLayout layout)
    {
        using var scope = NewDisposeScope();
        var slots = tensor(Array.ConvertAll(layout.Slots, s => (long)s));
        return logits!.index_select(0, slots.to(logits.device)).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        graph?.Dispose();
        Forget();
        attention.Dispose();
        context.Dispose();
    }

    /// <summary>
    /// All layers. The tensors it makes are kept until it is called again: a graph uses the same memory each time. Memory freed while it
    /// is recorded would stay in libtorch's pool for this stream, where only later recordings would take it, whose launches follow this
    /// one's; but where memory runs short libtorch gives such a pool back to the driver. (What it makes within an operation, such as a
    /// norm's means, is in that pool.)
    /// </summary>
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
                hidden = layer.Complete(hidden!, attended, used, context);
            }
            else
            {
                hidden = ((OuterLayer)model.Layers[index]).Forward(hidden, used, context);
            }
        }

        logits = hidden;
        kept = scope.DisposablesView;
        scope.Detach(kept);
    }

    private void Forget()
    {
        context.ForgetRotary();
        attention.Store();
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }

        kept = [];
    }
}
