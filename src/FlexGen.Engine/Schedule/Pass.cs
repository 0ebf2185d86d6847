using FlexGen.Engine.Attention;
using FlexGen.Engine.Models;
using FlexGen.Engine.State;
using static TorchSharp.torch;

namespace FlexGen.Engine.Schedule;

/// <summary>One micro-batch on its way through the layers of one sweep.</summary>
internal sealed class Pass(RowLayout layout, KvAttention attention, Device device) : IDisposable
{
    private readonly ForwardContext context = layout.Context(device);
    private Tensor? hidden;
    private (DecoderLayer Layer, Tensor Attended, LayerWeights Weights)? halfway;

    /// <summary>The hidden states between layers, [tokens, hidden]; the last layer's are the logits, [sequences, vocabulary].</summary>
    public Tensor? Hidden => hidden;

    public KvAttention Attention => attention;

    /// <summary>Computes a layer; of one with attention, up to where attention has started.</summary>
    public void Compute(Layer layer, LayerWeights weights)
    {
        using var scope = NewDisposeScope();
        if (layer is DecoderLayer decoder)
        {
            halfway = (decoder, attention.Begin(Project(decoder, weights)), weights);
        }
        else
        {
            Become(((OuterLayer)layer).Forward(hidden, weights, context));
        }
    }

    /// <summary>Computes the rest of the layer, once attention has ended.</summary>
    public void Complete()
    {
        if (halfway is { } half)
        {
            using var scope = NewDisposeScope();
            attention.End();
            Become(half.Layer.Complete(hidden!, half.Attended, half.Weights, context));
            half.Attended.Dispose();
            halfway = null;
        }
    }

    /// <summary>Takes the hidden states out, or puts them back.</summary>
    public Tensor? Exchange(Tensor? other)
    {
        var before = hidden;
        hidden = other;
        return before;
    }

    public void Dispose()
    {
        hidden?.Dispose();
        halfway?.Attended.Dispose();
        attention.Dispose();
        context.Dispose();
    }

    /// <summary>Only what attention is given outlives the projection.</summary>
    private AttentionInput Project(DecoderLayer layer, LayerWeights weights)
    {
        using var scope = NewDisposeScope();
        var input = layer.Project(hidden!, weights, context);
        scope.MoveToOuter(input.Query, input.Key, input.Value);
        return input;
    }

    private void Become(Tensor output)
    {
        hidden?.Dispose();
        hidden = output.DetachFromDisposeScope();
    }
}
