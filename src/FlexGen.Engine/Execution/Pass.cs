using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>One micro-batch on its way through the layers of one sweep.</summary>
internal sealed class Pass(RowLayout layout, KvAttention attention, Device device) : IDisposable
{
    private readonly ForwardContext context = layout.Context(device);

    /// <summary>The hidden states between layers, [tokens, hidden]; the last layer's are the logits, [sequences, vocabulary].</summary>
    private Tensor? hidden;
    private (DecoderLayer Layer, Tensor Attended, LayerWeights Weights)? halfway;

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
