using static TorchSharp.torch;

namespace FlexGen.Engine.Attention;

/// <summary>Scaled dot product attention with a scale and a window.</summary>
internal static class ScaledDotProduct
{
    /// <summary>Softmax(q k^T scale + causal mask) v.</summary>
    /// <param name="query">[batch, heads, length, headDim]; key and value: the same shape.</param>
    /// <param name="key">See query.</param>
    /// <param name="value">See query.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="window">A row sees itself and the window - 1 rows before it; null: all before it.</param>
    public static Tensor Causal(Tensor query, Tensor key, Tensor value, double scale, int? window)
    {
        var length = query.shape[2];
        if (window is null || window >= length)
        {
            return nn.functional.scaled_dot_product_attention(Scaled(query, scale), key, value, is_casual: true);
        }

        var visible = ones(length, length, ScalarType.Bool, query.device);
        return Masked(query, key, value, visible.tril().triu(1 - window.Value), scale);
    }

    /// <summary>Softmax(q k^T scale + mask) v; a mask of booleans is true where visible.</summary>
    private static Tensor Masked(Tensor query, Tensor key, Tensor value, Tensor mask, double scale) =>
        nn.functional.scaled_dot_product_attention(Scaled(query, scale), key, value, attn_mask: mask);

    /// <summary>The library's own scale is 1 / sqrt(headDim); what differs from it is put into the query.</summary>
    private static Tensor Scaled(Tensor query, double scale)
    {
        var rest = scale * Math.Sqrt(query.shape[^1]);
        return Math.Abs(rest - 1) < 1e-9 ? query : query * rest;
    }
}
