using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Opt;

/// <summary>Attention and a feed-forward network, each with a residual and a layer norm before it (or after it: OPT-350m).</summary>
internal sealed class OptDecoderLayer : DecoderLayer
{
    private readonly OptOptions options;
    private readonly int headDim;
    private readonly LinearSpec query;
    private readonly LinearSpec key;
    private readonly LinearSpec value;
    private readonly LinearSpec output;
    private readonly OptNorm attentionNorm;
    private readonly LinearSpec up;
    private readonly LinearSpec down;
    private readonly OptNorm feedForwardNorm;

    public OptDecoderLayer(OptOptions options, int index)
    {
        this.options = options;
        headDim = options.Hidden / options.Heads;
        var name = $"{options.Prefix}layers.{index}.";
        query = Linear($"{name}self_attn.q_proj", options.Hidden, options.Hidden, options.Bias);
        key = Linear($"{name}self_attn.k_proj", options.Hidden, options.Hidden, options.Bias);
        value = Linear($"{name}self_attn.v_proj", options.Hidden, options.Hidden, options.Bias);
        output = Linear($"{name}self_attn.out_proj", options.Hidden, options.Hidden, options.Bias);
        attentionNorm = OptNorm.Of(options, $"{name}self_attn_layer_norm", (n, width) => Weight(n, width));
        up = Linear($"{name}fc1", options.FeedForward, options.Hidden, options.Bias);
        down = Linear($"{name}fc2", options.Hidden, options.FeedForward, options.Bias);
        feedForwardNorm = OptNorm.Of(options, $"{name}final_layer_norm", (n, width) => Weight(n, width));
    }

    protected internal override string Kind => "opt";

    protected internal override RowElements Elements(long wide)
    {
        var made = (7L * options.Hidden) + options.FeedForward;
        return new(
            Projecting: 4L * options.Hidden,
            Completing: ((options.NormBefore ? 4L : 5L) * options.Hidden) + options.FeedForward,
            Made: made,
            // Each is written once and read once.
            Moved: 2 * made,
            MovedOnHost: 2 * made);
    }

    public override AttentionInput Project(Tensor hidden, LayerWeights weights, ForwardContext context)
    {
        var x = options.NormBefore ? attentionNorm.Forward(hidden, weights) : hidden;
        var projected = Array.ConvertAll(weights.Linears(x, query, key, value), p => p.view(-1, options.Heads, headDim));
        return new(projected[0], projected[1], projected[2], Scale: 1 / Math.Sqrt(headDim), Window);
    }

    public override Tensor Complete(Tensor hidden, Tensor attended, LayerWeights weights, ForwardContext context)
    {
        var x = Add(weights.Linear(attended, output), hidden);
        return options.NormBefore
            ? Add(FeedForward(feedForwardNorm.Forward(x, weights), weights), x)
            : AfterNorms(attentionNorm.Forward(x, weights), weights);
    }

    private Tensor AfterNorms(Tensor x, LayerWeights weights) => feedForwardNorm.Forward(Add(FeedForward(x, weights), x), weights);

    private Tensor FeedForward(Tensor x, LayerWeights weights) =>
        weights.Linear(options.Activation(weights.Linear(x, up)), down);
}
