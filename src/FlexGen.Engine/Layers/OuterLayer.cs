using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>The first layer, the embedding, or the last, the head: neither has attention.</summary>
public abstract class OuterLayer : Layer
{
    /// <summary>The name of a head's weight where it is not the embedding's.</summary>
    internal const string Head = "lm_head.weight";

    /// <summary>Runs the layer.</summary>
    /// <param name="hidden">[tokens, hidden]; null for the first layer, which reads <see cref="ForwardContext.TokenIds"/>.</param>
    /// <param name="weights">This layer's weights.</param>
    /// <param name="context">What belongs to this pass over this micro-batch.</param>
    /// <returns>[tokens, hidden]; from the last layer, logits [sequences, vocabulary] of <see cref="ForwardContext.LastRows"/>.</returns>
    public abstract Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context);
}
