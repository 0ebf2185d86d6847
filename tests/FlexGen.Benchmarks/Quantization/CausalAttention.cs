using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>Attention of whole sequences in the open, so that its scores can be seen. All tensors are [sequences, heads, tokens, headDim].</summary>
internal static class CausalAttention
{
    /// <summary>Scores before the softmax, [sequences, heads, tokens, tokens], each row less its mean, which the softmax does not see; 0 where a token cannot look.</summary>
    public static Tensor Scores(Tensor query, Tensor key, double scale)
    {
        using var scope = NewDisposeScope();
        var seen = Seen(query.shape[2]);
        var scores = query.matmul(Repeated(key, query).transpose(2, 3)) * scale * seen;
        return ((scores - (scores.sum(3, keepdim: true) / seen.sum(1, keepdim: true))) * seen).MoveToOuterDisposeScope();
    }

    public static Tensor Attend(Tensor query, Tensor key, Tensor value, double scale)
    {
        using var scope = NewDisposeScope();
        var scores = (query.matmul(Repeated(key, query).transpose(2, 3)) * scale).masked_fill_(Seen(query.shape[2]).eq(0), double.NegativeInfinity);
        return scores.softmax(-1).matmul(Repeated(value, query)).MoveToOuterDisposeScope();
    }

    private static Tensor Seen(long tokens) => ones(tokens, tokens).tril();

    private static Tensor Repeated(Tensor x, Tensor query) =>
        x.shape[1] == query.shape[1] ? x : x.repeat_interleave(query.shape[1] / x.shape[1], 1);
}
