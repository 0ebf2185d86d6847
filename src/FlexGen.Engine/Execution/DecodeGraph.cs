using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
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
    private readonly Model model;
    private readonly Stage stage;
    private readonly KvAttention attention;
    private readonly ForwardContext context;
    private readonly Pass pass;
    private readonly CudaGraph? graph;
    private IReadOnlyList<IDisposable> kept = [];
    private Tensor? logits;

    public DecodeGraph(Model model, Stage stage, Policy policy, int microBatch)
    {
        (this.model, this.stage) = (model, stage);
        using var scope = NewDisposeScope();
        var layout = RowLayout.Decoding(policy.GpuBatchSize, policy.SequenceLength);
        attention = new(layout, stage.Cache, microBatch, stage.Device);
        attention.SetDecodes(new RowLayout.Decode[policy.GpuBatchSize]);
        context = layout.Context(stage.Device) with { KeepsAll = true };
        pass = new(model, new(model.Layers.Count), [(context, attention)]);
        try
        {
            graph = CudaGraph.Capture(ComputeMemory.Gpu(stage.Device)!.Value, Forward);
        }
        catch
        {
            Dispose();
            throw;
        }
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
        pass.Dispose();
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
        for (var layer = 0; layer < model.Layers.Count; layer++)
        {
            pass.Project(layer, stage.Weights.Use(layer));
            pass.Attend();
            pass.Complete();
        }

        logits = pass.TakeHidden();
        kept = scope.DisposablesView;
        scope.Detach(kept);
    }

    private void Forget()
    {
        context.ForgetRotary();
        pass.StoreCache(layer: 0);
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }

        kept = [];
    }
}
