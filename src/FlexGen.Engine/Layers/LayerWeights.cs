using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>One layer's weights, present on the compute device, in the order of <see cref="Layer.Weights"/>.</summary>
public sealed class LayerWeights(IReadOnlyList<Tensor> tensors)
{
    public Tensor this[WeightSpec spec] => tensors[spec.Index];

    /// <summary>x W^T + b. x: [tokens, in]; the weight: [out, in]; the bias, where there is one: [out].</summary>
    public Tensor Linear(Tensor x, WeightSpec weight, WeightSpec? bias = null) =>
        nn.functional.linear(x, this[weight], bias is null ? null : this[bias]);
}
