using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>Scaled dot product attention of whole prompts, with a scale and a window.</summary>
internal static class ScaledDotProduct
{
    /// <summary>What the rows of a block behind the first window see: [rows, window + rows] of 0, where a row sees a key, and minus infinity.</summary>
    public static Tensor Mask(int window, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var (rows, keys) = WorkspacePlan.Mask(window);
        var hidden = ones(rows, keys, ScalarType.Bool, device).triu(1).tril(window).logical_not();
        return zeros(rows, keys, type, device).masked_fill_(hidden, double.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Softmax(q k^T scale + causal mask) v.</summary>
    /// <param name="query">[batch, heads, length, headDim]; key and value: the same shape.</param>
    /// <param name="key">See query.</param>
    /// <param name="value">See query.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    public static Tensor Causal(Tensor query, Tensor key, Tensor value, double scale) =>
        nn.functional.scaled_dot_product_attention(Scaled(query, scale), key, value, is_casual: true);

    /// <summary>
    /// The same where a row sees itself and the window - 1 rows before it, for more rows than that: the first window, which sees all before
    /// it, and then some rows at a time with the keys that any of them sees.
    /// </summary>
    /// <inheritdoc cref="Causal"/>
    /// <param name="query">[batch, heads, length, headDim]; key and value: the same shape.</param>
    /// <param name="key">See query.</param>
    /// <param name="value">See query.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="window">How many.</param>
    /// <param name="mask"><see cref="Mask"/> of this window.</param>
    public static Tensor Windowed(Tensor query, Tensor key, Tensor value, double scale, int window, Tensor mask)
    {
        var (batch, heads, length, headDim) = (query.shape[0], query.shape[1], query.shape[2], query.shape[3]);
        var output = empty([batch, length, heads, headDim], query.dtype, query.device).transpose(1, 2);
        Block(0, window, (q, k, v) => Causal(q, k, v, scale));
        for (long first = window, rows; first < length; first += rows)
        {
            rows = Math.Min(WorkspacePlan.Mask(window).Rows, length - first);
            var visible = mask.narrow(0, 0, rows).narrow(1, 0, window + rows);
            Block(first, rows, (q, k, v) => nn.functional.scaled_dot_product_attention(Scaled(q, scale), k, v, attn_mask: visible));
        }

        return output;

        void Block(long first, long rows, Func<Tensor, Tensor, Tensor, Tensor> attend)
        {
            using var scope = NewDisposeScope();
            var start = Math.Max(0, first - window);
            var (k, v) = (key.narrow(2, start, first + rows - start), value.narrow(2, start, first + rows - start));
            output.narrow(2, first, rows).copy_(attend(query.narrow(2, first, rows), k, v));
        }
    }

    /// <summary>The library's own scale is 1 / sqrt(headDim); what differs from it is put into the query.</summary>
    private static Tensor Scaled(Tensor query, double scale)
    {
        var rest = scale * Math.Sqrt(query.shape[^1]);
        return Math.Abs(rest - 1) < 1e-9 ? query : query * rest;
    }
}
