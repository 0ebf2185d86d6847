using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Llama;

/// <summary>Token embeddings.</summary>
internal sealed class LlamaEmbedding : OuterLayer
{
    private readonly WeightSpec tokens;

    public LlamaEmbedding(LlamaOptions options) =>
        tokens = Weight($"{options.Prefix}embed_tokens.weight", options.Vocabulary, options.Hidden);

    internal override bool Multiplies(int index) => Weights[index].IsLinear;

    public override Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context) =>
        weights[tokens].index_select(0, context.TokenIds);
}
