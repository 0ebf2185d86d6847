using FlexGen.Engine.Quantization;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>Products on the processor.</summary>
internal sealed class HostPackedProduct : IPackedProduct
{
    public Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights) => HostProduct.Forward(x, weights);

    public void Dispose()
    {
    }
}
