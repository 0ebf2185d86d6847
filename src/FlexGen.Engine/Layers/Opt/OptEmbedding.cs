using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Opt;

/// <summary>Token embeddings, projected to the hidden width where theirs differs, and learned positions.</summary>
internal sealed class OptEmbedding : OuterLayer
{
    /// <summary>Rows of the position table before position 0: a relic of padding, kept in the checkpoints.</summary>
    private const int PositionOffset = 2;

    private readonly WeightSpec tokens;
    private readonly WeightSpec positions;
    private readonly WeightSpec? project;

    public OptEmbedding(OptOptions options)
    {
        tokens = Weight($"{options.Prefix}embed_tokens.weight", options.Vocabulary, options.Embedding);
        positions = Weight($"{options.Prefix}embed_positions.weight", options.Context + (long)PositionOffset, options.Hidden);
        project = options.Embedding == options.Hidden ? null : LinearWeight($"{options.Prefix}project_in.weight", options.Hidden, options.Embedding);
    }

    internal override bool Multiplies(int index) => Weights[index].IsLinear;

    public override Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context)
    {
        var x = weights[tokens].index_select(0, context.TokenIds);
        x = project is null ? x : weights.Linear(x, project);
        return x + weights[positions].index_select(0, context.Positions + PositionOffset);
    }
}
