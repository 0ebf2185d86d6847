using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Llama;

/// <summary>The last norm and the logits.</summary>
internal sealed class LlamaHead : OuterLayer
{
    private readonly double normEps;
    private readonly WeightSpec norm;
    private readonly WeightSpec head;

    public LlamaHead(LlamaOptions options)
    {
        normEps = options.NormEps;
        norm = Weight($"{options.Prefix}norm.weight", options.Hidden);
        head = options.TiedHead
            ? Weight($"{options.Prefix}embed_tokens.weight", options.Vocabulary, options.Hidden)
            : LinearWeight(Head, options.Vocabulary, options.Hidden);
    }

    public override Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context) =>
        weights.Linear(RmsNorm.OfRows(hidden!, context.LastRows, weights[norm], normEps, context.Rows), head);
}
