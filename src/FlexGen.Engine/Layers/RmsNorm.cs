using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>Root mean square layer normalisation (Zhang and Sennrich, arXiv 1910.07467), in float32 whatever the type of x.</summary>
internal static class RmsNorm
{
    /// <summary>x / sqrt(mean(x^2) + eps) * weight, over the last dimension.</summary>
    /// <param name="x">On a GPU contiguous.</param>
    /// <param name="weight">[width].</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    /// <param name="kernels">Those of the GPU that x is on; null: it is on none.</param>
    public static Tensor Forward(Tensor x, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.Norm(x, weight, eps) ?? OnCpu(x.contiguous(), null, weight, eps);

    /// <summary>Of some rows of x, [rows, width], which are int64.</summary>
    /// <inheritdoc cref="Forward"/>
    public static Tensor OfRows(Tensor x, Tensor rows, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.Norm(x, weight, eps, rows) ?? OnCpu(x.index_select(0, rows), null, weight, eps);

    /// <summary>Of the sum of x and what is added, which takes the place of x. Both are contiguous.</summary>
    /// <inheritdoc cref="Forward"/>
    public static Tensor OfSum(Tensor x, Tensor added, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.NormOfSum(x, added, weight, eps) ?? OnCpu(x, added, weight, eps);

    /// <summary>Takes the place of x, which is contiguous, on a CPU.</summary>
    /// <inheritdoc cref="Forward"/>
    public static void InPlace(Tensor x, Tensor weight, double eps) => HostElementwise.RmsNorm(x, null, weight, x, (float)eps);

    private static Tensor OnCpu(Tensor x, Tensor? added, Tensor weight, double eps)
    {
        var result = empty_like(x);
        HostElementwise.RmsNorm(x, added, weight, result, (float)eps);
        return result;
    }
}
