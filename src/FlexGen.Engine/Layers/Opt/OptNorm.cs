using static TorchSharp.torch;

namespace FlexGen.Engine.Layers.Opt;

/// <summary>A layer norm: its weight and bias, [hidden], unless it has none.</summary>
internal readonly record struct OptNorm(WeightSpec? Weight, WeightSpec? Bias)
{
    private const double Eps = 1e-5;

    /// <summary>The norm of this name.</summary>
    /// <param name="options">The model.</param>
    /// <param name="name">The layer's, without what follows the last dot.</param>
    /// <param name="weight">Adds a weight to the layer.</param>
    public static OptNorm Of(OptOptions options, string name, Func<string, long, WeightSpec> weight) =>
        options.NormAffine ? new(weight($"{name}.weight", options.Hidden), weight($"{name}.bias", options.Hidden)) : default;

    public Tensor Forward(Tensor x, LayerWeights weights) => nn.functional.layer_norm(
        x, [x.shape[^1]], Weight is null ? null : weights[Weight], Bias is null ? null : weights[Bias], Eps);
}
