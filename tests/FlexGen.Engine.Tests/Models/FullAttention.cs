using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

/// <summary>Attention of one whole sequence, by its formula.</summary>
internal sealed class FullAttention : IAttention
{
    public Tensor Forward(int layer, Tensor query, Tensor key, Tensor value, double scale, int? window)
    {
        var (tokens, group) = (query.shape[0], query.shape[1] / key.shape[1]);
        var q = query.transpose(0, 1);
        var k = key.transpose(0, 1).repeat_interleave(group, 0);
        var v = value.transpose(0, 1).repeat_interleave(group, 0);
        var visible = ones(tokens, tokens, ScalarType.Bool).tril();
        visible = window is { } width ? visible.triu(1 - width) : visible;
        var scores = (q.matmul(k.transpose(1, 2)) * scale).masked_fill(visible.logical_not(), double.NegativeInfinity);
        return scores.softmax(-1).matmul(v).transpose(0, 1).reshape(tokens, -1);
    }
}
