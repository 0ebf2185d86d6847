using FlexGen.Engine.Cache;
using FlexGen.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>
/// One micro-batch on its way through the layers of one sweep. What it makes is freed as soon as it can be or, where the context says so,
/// is kept in the dispose scope that it is called in.
/// </summary>
/// <param name="model">The layers.</param>
/// <param name="context">What each of them is given; the pass frees it.</param>
/// <param name="attention">Their attention, likewise.</param>
internal sealed class Pass(Model model, ForwardContext context, KvAttention attention) : IDisposable
{
    /// <summary>The hidden states between layers, [tokens, hidden]; the last layer's are the logits, [sequences, vocabulary].</summary>
    private Tensor? hidden;

    /// <summary>The layer that is under way, what its attention is given until it has started, and what comes of it.</summary>
    private (int Layer, LayerWeights Weights)? underWay;
    private AttentionInput? projected;
    private Tensor? attended;

    /// <summary>Brings what the cache must hold on the compute device for a layer.</summary>
    public void LoadCache(int layer)
    {
        if (model.Layers[layer] is DecoderLayer)
        {
            attention.Load(layer);
        }
    }

    /// <summary>Computes a layer up to its attention; one without attention whole.</summary>
    public void Project(int layer, LayerWeights weights)
    {
        using var scope = Scope();
        if (model.Layers[layer] is DecoderLayer decoder)
        {
            projected = decoder.Project(hidden!, weights, context);
            scope?.Detach(projected.Query, projected.Key, projected.Value);
            underWay = (layer, weights);
        }
        else
        {
            Become(((OuterLayer)model.Layers[layer]).Forward(hidden, weights, context), scope);
        }
    }

    /// <summary>Starts the attention of the layer that was projected.</summary>
    public void Attend()
    {
        if (projected is { } input)
        {
            using var scope = Scope();
            scope?.Attach(input.Query, input.Key, input.Value);
            projected = null;
            attended = attention.Begin(underWay!.Value.Layer, input);
            scope?.Detach(attended);
        }
    }

    /// <summary>Computes the rest of the layer, once attention has ended.</summary>
    public void Complete()
    {
        if (underWay is { } half)
        {
            using var scope = Scope();
            attention.End();
            var decoder = (DecoderLayer)model.Layers[half.Layer];
            Become(decoder.Complete(hidden!, attended!, half.Weights, context), scope);
            Free(attended);
            (underWay, attended) = (null, null);
        }
    }

    /// <summary>Takes the layer's new keys and values home.</summary>
    public void StoreCache() => attention.Store();

    /// <summary>Takes the hidden states out; they are the caller's to free.</summary>
    public Tensor TakeHidden()
    {
        var taken = hidden!;
        hidden = null;
        return taken;
    }

    /// <summary>Puts hidden states in that were taken out.</summary>
    public void PutHidden(Tensor back) => hidden = back;

    public void Dispose()
    {
        hidden?.Dispose();
        projected?.Query.Dispose();
        projected?.Key.Dispose();
        projected?.Value.Dispose();
        attended?.Dispose();
        attention.Dispose();
        context.Dispose();
    }

    private DisposeScope? Scope() => context.KeepsAll ? null : NewDisposeScope();

    private void Become(Tensor output, DisposeScope? scope)
    {
        Free(hidden);
        hidden = output;
        scope?.Detach(output);
    }

    private void Free(Tensor? tensor)
    {
        if (!context.KeepsAll)
        {
            tensor?.Dispose();
        }
    }
}
