using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Demo.Network;

/// <summary>Causal attention without a cache over sequences of equal length; their padding is on the right, where no token sees it.</summary>
internal static class RectangularAttention
{
    public static Tensor Forward(AttentionInput input, int sequences)
    {
        var (query, key, value, scale, window) = input;
        var heads = query.shape[1];
        var headDim = query.shape[2];
        if (window is not null || key.shape[1] != heads || Math.Abs((scale * Math.Sqrt(headDim)) - 1) > 1e-6)
        {
            throw new NotSupportedException("the demo's attention has no window, as many key heads as query heads and the usual scale");
        }

        return nn.functional.scaled_dot_product_attention(Rectangle(query), Rectangle(key), Rectangle(value), is_casual: true)
            .transpose(1, 2).reshape(-1, heads * headDim);

        Tensor Rectangle(Tensor flat) => flat.view(sequences, -1, heads, headDim).transpose(1, 2);
    }
}
