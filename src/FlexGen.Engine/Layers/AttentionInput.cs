using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>What a layer's attention is given: it is causal, over the tokens of the pass and what the cache holds of their sequences.</summary>
/// <param name="Query">[tokens, heads, headDim], rotated where the model rotates.</param>
/// <param name="Key">[tokens, kvHeads, headDim], likewise.</param>
/// <param name="Value">[tokens, kvHeads, headDim].</param>
/// <param name="Scale">What scores are multiplied by before the softmax.</param>
/// <param name="Window">A token sees itself and the window - 1 tokens before it; null: all before it.</param>
public sealed record AttentionInput(Tensor Query, Tensor Key, Tensor Value, double Scale, int? Window);
