using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Opt;

/// <summary>The last layer norm, where there is one, and the logits.</summary>
internal sealed class OptHead : OuterLayer
{
    private readonly OptNorm? norm;
    private readonly WeightSpec? project;
    private readonly WeightSpec head;

    public OptHead(OptOptions options)
    {
        norm = options.FinalNorm ? OptNorm.Of(options, $"{options.Prefix}final_layer_norm", (name, width) => Weight(name, width)) : null;
        project = options.Embedding == options.Hidden ? null : LinearWeight($"{options.Prefix}project_out.weight", options.Embedding, options.Hidden);
        head = options.TiedHead
            ? Weight($"{options.Prefix}embed_tokens.weight", options.Vocabulary, options.Embedding)
            : LinearWeight(Head, options.Vocabulary, options.Embedding);
    }

    public override Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context)
    {
        var x = hidden!.index_select(0, context.LastRows);
        x = norm?.Forward(x, weights) ?? x;
        x = project is null ? x : weights.Linear(x, project);
        return weights.Linear(x, head);
    }
}
