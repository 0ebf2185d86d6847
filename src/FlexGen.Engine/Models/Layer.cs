using static TorchSharp.torch;

namespace FlexGen.Engine.Models;

/// <summary>
/// One step of a model's depth (index j): the embedding, a decoder layer or the head. A list of weight specs and a forward
/// pass over tensors; it owns no memory.
/// </summary>
public abstract class Layer
{
    private readonly List<WeightSpec> weights = [];

    /// <summary>The weights the forward pass reads, in checkpoint order.</summary>
    public IReadOnlyList<WeightSpec> Weights => weights;

    /// <summary>Runs the layer.</summary>
    /// <param name="hidden">[tokens, hidden]; undefined for the first layer, which reads <see cref="ForwardContext.TokenIds"/>.</param>
    /// <param name="weights">This layer's weights.</param>
    /// <param name="context">What belongs to this pass over this micro-batch.</param>
    /// <returns>[tokens, hidden]; from the last layer, logits [sequences, vocabulary] of <see cref="ForwardContext.LastRows"/>.</returns>
    public abstract Tensor Forward(Tensor? hidden, LayerWeights weights, ForwardContext context);

    protected WeightSpec Weight(string name, params IReadOnlyList<long> shape)
    {
        var spec = new WeightSpec(name, shape, weights.Count);
        weights.Add(spec);
        return spec;
    }

    private protected LinearSpec Linear(string name, int output, int input, bool bias) =>
        new(Weight($"{name}.weight", output, input), bias ? Weight($"{name}.bias", output) : null);
}
