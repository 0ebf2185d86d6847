using static TorchSharp.torch;

namespace FlexGen.Engine.Quantization;

/// <summary>Computes linear layers on their weights in 4-bit groups, on the compute device.</summary>
internal interface IPackedProduct : IDisposable
{
    /// <summary>x W^T + b of each weight. A row's result depends on nothing but the row, the weight and the bias.</summary>
    /// <param name="x">[rows, in], contiguous.</param>
    /// <param name="weights">[out, in] each, and a bias, [out], of x's type, or none.</param>
    /// <returns>[rows, out] each, contiguous, of x's type.</returns>
    Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights);
}
