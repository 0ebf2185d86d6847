using static TorchSharp.torch;

namespace FlexGen.Engine.Models;

/// <summary>Causal attention of the tokens of one pass, with whatever cache stands behind it.</summary>
public interface IAttention
{
    /// <param name="layer">Which attention layer of the model this is, from 0: it selects the KV cache.</param>
    /// <param name="query">[tokens, heads, headDim], rotated where the model rotates.</param>
    /// <param name="key">[tokens, kvHeads, headDim], likewise.</param>
    /// <param name="value">[tokens, kvHeads, headDim].</param>
    /// <param name="scale">What scores are multiplied by before the softmax.</param>
    /// <param name="window">A token sees itself and the window - 1 tokens before it; null: all before it.</param>
    /// <returns>[tokens, heads * headDim].</returns>
    Tensor Forward(int layer, Tensor query, Tensor key, Tensor value, double scale, int? window);
}
