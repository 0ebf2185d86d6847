using static TorchSharp.torch;

namespace FlexGen.Engine.Models;

/// <summary>Root mean square layer normalisation (Zhang and Sennrich, arXiv 1910.07467), in float32 whatever the type of x.</summary>
internal static class RmsNorm
{
    /// <summary>Elements of 16 bits that are made for each of x: three of float32, and two.</summary>
    public const long ElementsOfAnElement = 8;

    /// <summary>x / sqrt(mean(x^2) + eps) * weight, over the last dimension.</summary>
    public static Tensor Forward(Tensor x, Tensor weight, double eps)
    {
        var wide = x.to(ScalarType.Float32);
        return (wide * (wide.square().mean([-1], keepdim: true) + eps).rsqrt()).to(x.dtype) * weight;
    }
}
