using FlexGen.Engine.Cache;
using FlexGen.Engine.Layers;
using FlexGen.Planning.Schedule;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>
/// One micro-batch on its way through the layers of one sweep. What it makes is freed as soon as it can be or, where the context says so,
/// is kept in the dispose scope that it is called in.
/// </summary>
/// <param name="model">The layers.</param>
/// <param name="map">Which compute device has which of them.</param>
/// <param name="parts">For each device what its layers are given, and their attention; the pass frees both.</param>
internal sealed class Pass(Model model, StageMap map, IReadOnlyList<(ForwardContext Context, KvAttention Attention)> parts) : IDisposable
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
            parts[map.Of(layer)].Attention.Load(layer);
        }
    }

    /// <summary>Computes a layer up to its attention; one without attention whole.</summary>
    public void Project(int layer, LayerWeights weights)
    {
        var (context, _) = parts[map.Of(layer)];
        using var scope = Scope(context);
        if (model.Layers[layer] is DecoderLayer decoder)
        {
            projected = decoder.Project(hidden!, weights, context);
            scope?.Detach(projected.Query, projected.Key, projected.Value);
            underWay = (layer, weights);
        }
        else
        {
            Become(((OuterLayer)model.Layers[layer]).Forward(hidden, weights, context), scope, context);
        }
    }

    /// <summary>Starts the attention of the layer that was projected.</summary>
    public void Attend()
    {
        if (projected is { } input)
        {
            var layer = underWay!.Value.Layer;
            var (context, attention) = parts[map.Of(layer)];
            using var scope = Scope(context);
            scope?.Attach(input.Query, input.Key, input.Value);
            projected = null;
            attended = attention.Begin(layer, input);
            scope?.Detach(attended);
        }
    }

    /// <summary>Computes the rest of the layer, once attention has ended.</summary>
    public void Complete()
    {
        if (underWay is { } half)
        {
            var (context, attention) = parts[map.Of(half.Layer)];
            using var scope = Scope(context);
            attention.End();
            var decoder = (DecoderLayer)model.Layers[half.Layer];
            Become(decoder.Complete(hidden!, attended!, half.Weights, context), scope, context);
            Free(attended, context);
            (underWay, attended) = (null, null);
        }
    }

    /// <summary>Takes a layer's new keys and values home.</summary>
    public void StoreCache(int layer) => parts[map.Of(layer)].Attention.Store();

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
        foreach (var (context, attention) in parts)
        {
            attention.Dispose();
            context.Dispose();
        }
    }

    private static DisposeScope? Scope(ForwardContext context) => context.KeepsAll ? null : NewDisposeScope();

    private void Become(Tensor output, DisposeScope? scope, ForwardContext context)
    {
        Free(hidden, context);
        hidden = output;
        scope?.Detach(output);
    }

    private static void Free(Tensor? tensor, ForwardContext context)
    {
        if (!context.KeepsAll)
        {
            tensor?.Dispose();
        }
    }
}
