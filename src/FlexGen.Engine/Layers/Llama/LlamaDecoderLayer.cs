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
        var (norm, projected, turned) = (RmsNorm.Elements(wide), heads + (2 * kvHeads), heads + kvHeads);
        var (normed, step) = options.HeadNorm ? (turned, norm * heads) : (0, heads);
        var (angles, feedForward) = (5 * wide * options.HeadDim, 2 * (hidden + options.FeedForward));
        // Of what is turned a product, a copy that is rolled, and their sum; of the network gate and its product with up; and two sums.
        var moved = (RmsNorm.Moved(wide) * ((2 * hidden) + normed)) + (8 * turned) + (5L * options.FeedForward) + (6 * hidden);
        return new(
            Projecting: Math.Max(norm * hidden, hidden + projected + normed + turned + step + angles),
            Completing: heads + hidden + Math.Max(norm * hidden, feedForward),
            Made: (2 * norm * hidden) + projected + (norm * normed) + (2 * turned) + feedForward,
            Moved: moved);
    }

    public override AttentionInput Project(Tensor hidden, LayerWeights weights, ForwardContext context)
    {
        var projected = weights.Linears(Norm(hidden, weights, attentionNorm, context), query, key, value);
        var (q, k) = options.Rotary.Forward(Heads(projected[0], queryNorm), Heads(projected[1], keyNorm), context);
        return new(q, k, Heads(projected[2], null), 1 / Math.Sqrt(options.HeadDim), Window);

        Tensor Heads(Tensor of, WeightSpec? norm)
        {
            var heads = of.view(of.shape[0], -1, options.HeadDim);
            return norm is null ? heads : Norm(heads, weights, norm, context);
        }
    }

    public override Tensor Complete(Tensor hidden, Tensor attended, LayerWeights weights, ForwardContext context)
    {
        var x = Add(weights.Linear(attended, output), hidden);
        return Add(FeedForward(Norm(x, weights, feedForwardNorm, context), weights), x);
    }

    private Tensor FeedForward(Tensor x, LayerWeights weights)
    {
        var both = weights.Linears(x, gate, up);
        return weights.Linear(GatedSilu.Forward(both[0], both[1]), down);
    }

    private Tensor Norm(Tensor x, LayerWeights weights, WeightSpec norm, ForwardContext context) =>
        RmsNorm.Forward(x, weights[norm], options.NormEps, context);
}
