using FlexGen.Engine.Quantization;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>One layer's weights, present on the compute device, in the order of <see cref="Layer.Weights"/>.</summary>
public sealed class LayerWeights
{
    private readonly IReadOnlyList<Held> weights;
    private readonly IPackedProduct? product;

    /// <summary>Weights of which none is in 4 bits.</summary>
    public LayerWeights(IReadOnlyList<Tensor> tensors)
        : this([.. tensors.Select(t => new Held(t, null))], null)
    {
    }

    /// <param name="weights">In that order.</param>
    /// <param name="product">What computes on those that are in 4 bits; null: none is.</param>
    internal LayerWeights(IReadOnlyList<Held> weights, IPackedProduct? product) => (this.weights, this.product) = (weights, product);

    /// <summary>A weight that is not in 4 bits.</summary>
    public Tensor this[WeightSpec spec] => weights[spec.Index].Tensor!;

    /// <summary>x W^T + b. x: [tokens, in]; the weight: [out, in]; the bias, where there is one: [out].</summary>
    public Tensor Linear(Tensor x, WeightSpec weight, WeightSpec? bias = null) => Linears(x, new LinearSpec(weight, bias))[0];

    /// <inheritdoc cref="Linear(Tensor, WeightSpec, WeightSpec?)"/>
    internal Tensor Linear(Tensor x, LinearSpec layer) => Linears(x, layer)[0];

    /// <summary>The same of several weights, of which those in 4 bits have the rows made ready for them once.</summary>
    internal Tensor[] Linears(Tensor x, params ReadOnlySpan<LinearSpec> layers)
    {
        var packed = new List<(PackedWeight Weight, Tensor? Bias)>(layers.Length);
        foreach (var layer in layers)
        {
            if (weights[layer.Weight.Index].Packed is { } weight)
            {
                packed.Add((weight, Bias(layer)));
            }
        }

        var (results, products, next) = (new Tensor[layers.Length], packed.Count > 0 ? product!.Forward(x, [.. packed]) : [], 0);
        for (var n = 0; n < layers.Length; n++)
        {
            results[n] = weights[layers[n].Weight.Index].Tensor is { } weight ? nn.functional.linear(x, weight, Bias(layers[n])) : products[next++];
        }

        return results;
    }

    private Tensor? Bias(LinearSpec layer) => layer.Bias is null ? null : this[layer.Bias];

    /// <summary>A weight as a tensor, or in 4 bits.</summary>
    internal readonly record struct Held(Tensor? Tensor, PackedWeight? Packed);
}
