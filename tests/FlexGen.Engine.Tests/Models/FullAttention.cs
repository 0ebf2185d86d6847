using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Models;

/// <summary>A model over one whole sequence, with attention by its formula.</summary>
internal static class FullAttention
{
    /// <summary>The logits of the context's last rows.</summary>
    public static Tensor Forward(Model model, IReadOnlyList<LayerWeights> weights, ForwardContext context)
    {
        Tensor? hidden = null;
        foreach (var (layer, used) in model.Layers.Zip(weights))
        {
            hidden = layer is DecoderLayer decoder
                ? decoder.Complete(hidden!, Attend(decoder.Project(hidden!, used, context)), used, context)
                : ((OuterLayer)layer).Forward(hidden, used, context);
        }

        return hidden!;
    }

    private static Tensor Attend(AttentionInput input)
    {
        var (query, key, value, scale, window) = input;
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
