using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Llama;

/// <summary>Grouped-query attention over rotated heads and a gated feed-forward network, each with a norm before it and a residual.</summary>
internal sealed class LlamaDecoderLayer : DecoderLayer
{
    private readonly LlamaOptions options;
    private readonly int index;
    private readonly WeightSpec attentionNorm;
    private readonly LinearSpec query;
    private readonly LinearSpec key;
    private readonly LinearSpec value;
    private readonly LinearSpec output;
    private readonly WeightSpec? queryNorm;
    private readonly WeightSpec? keyNorm;
    private readonly WeightSpec feedForwardNorm;
    private readonly LinearSpec gate;
    private readonly LinearSpec up;
    private readonly LinearSpec down;

    public LlamaDecoderLayer(LlamaOptions options, int index)
    {
        (this.options, this.index) = (options, index);
        var name = $"{options.Prefix}layers.{index}";
        var (heads, kvHeads) = ((long)options.Heads * options.HeadDim, (long)options.KvHeads * options.HeadDim);
        attentionNorm = Weight($"{name}.input_layernorm.weight", options.Hidden);
        query = Linear($"{name}.self_attn.q_proj", heads, options.Hidden, options.QueryKeyValueBias);
        key = Linear($"{name}.self_attn.k_proj", kvHeads, options.Hidden, options.QueryKeyValueBias);
        value = Linear($"{name}.self_attn.v_proj", kvHeads, options.Hidden, options.QueryKeyValueBias);
        output = Linear($"{name}.self_attn.o_proj", options.Hidden, heads, options.OutputBias);
        queryNorm = options.HeadNorm ? Weight($"{name}.self_attn.q_norm.weight", options.HeadDim) : null;
        keyNorm = options.HeadNorm ? Weight($"{name}.self_attn.k_norm.weight", options.HeadDim) : null;
        feedForwardNorm = Weight($"{name}.post_attention_layernorm.weight", options.Hidden);
        gate = Linear($"{name}.mlp.gate_proj", options.FeedForward, options.Hidden, options.FeedForwardBias);
        up = Linear($"{name}.mlp.up_proj", options.FeedForward, options.Hidden, options.FeedForwardBias);
        down = Linear($"{name}.mlp.down_proj", options.Hidden, options.FeedForward, options.FeedForwardBias);
    }

    protected internal override int? Window => options.Window(index);

    protected internal override string Kind => "llama";

    protected internal override RowElements Elements(long wide)
    {
        var (hidden, heads, kvHeads) = ((long)options.Hidden, (long)options.Heads * options.HeadDim, (long)options.KvHeads * options.HeadDim);
        var (projected, turned, angles) = (heads + (2 * kvHeads), heads + kvHeads, 5 * wide * options.HeadDim);
        var feedForward = 2 * (hidden + options.FeedForward);
        // A norm, one of a sum, what is turned, the network's gate and the second sum: each is read once and written once.
        var moved = (2 * hidden) + (4 * hidden) + (2 * turned) + (3L * options.FeedForward) + (3 * hidden);
        return new(
            Projecting: hidden + projected + angles,
            Completing: heads + hidden + feedForward,
            Made: (2 * hidden) + projected + feedForward,
            Moved: moved,
            // A processor turns heads after their norms.
            MovedOnHost: moved + (options.HeadNorm ? 2 * turned : 0));
    }

    public override AttentionInput Project(Tensor hidden, LayerWeights weights, ForwardContext context)
    {
        var normed = RmsNorm.Forward(hidden, weights[attentionNorm], options.NormEps, context.Rows);
        var projected = Array.ConvertAll(weights.Linears(normed, query, key, value), p => p.view(p.size(0), -1, options.HeadDim));
        (Tensor, Tensor, double)? norms = options.HeadNorm ? (weights[queryNorm!], weights[keyNorm!], options.NormEps) : null;
        options.Rotary.Forward(projected[0], projected[1], norms, context);
        return new(projected[0], projected[1], projected[2], 1 / Math.Sqrt(options.HeadDim), Window);
    }

    public override Tensor Complete(Tensor hidden, Tensor attended, LayerWeights weights, ForwardContext context)
    {
        var x = weights.Linear(attended, output);
        var normed = RmsNorm.OfSum(x, hidden, weights[feedForwardNorm], options.NormEps, context.Rows);
        var both = weights.Linears(normed, gate, up);
        return Add(weights.Linear(GatedSilu.Forward(both[0], both[1], context.Rows), down), x);
    }
}
