using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>Root mean square layer normalisation (Zhang and Sennrich, arXiv 1910.07467), in float32 whatever the type of x.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>x / sqrt(mean(x^2) + eps) * weight, over the last dimension.</summary>
    /// <param name="x">On a GPU contiguous.</param>
    /// <param name="weight">[width].</param>
    /// <param name="eps">What keeps rows of zeros finite.</param>
    /// <param name="kernels">Those of the GPU that x is on; null: it is on none.</param>
    public static Tensor Forward(Tensor x, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.Norm(x, weight, eps) ?? OnCpu(x, weight, eps);

    /// <summary>Of some rows of x, [rows, width], which are int64.</summary>
    /// <inheritdoc cref="Forward"/>
    public static Tensor OfRows(Tensor x, Tensor rows, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.Norm(x, weight, eps, rows) ?? OnCpu(x.index_select(0, rows), weight, eps);

    /// <summary>Of the sum of x and what is added, which takes the place of x.</summary>
    /// <inheritdoc cref="Forward"/>
    public static Tensor OfSum(Tensor x, Tensor added, Tensor weight, double eps, RowKernels? kernels) =>
        kernels?.NormOfSum(x, added, weight, eps) ?? OnCpu(x.add_(added), weight, eps);

    private static Tensor OnCpu(Tensor x, Tensor weight, double eps)
    {
        x = x.contiguous();
        var (result, width) = (empty_like(x), (int)x.shape[^1]);
        var (from, factors, to, rows) = (x.Address(), weight.Address(), result.Address(), x.numel() / width);
        switch ((x.device.type, x.dtype))
        {
            case (DeviceType.CPU, ScalarType.Float32):
                HostElementwise.RmsNorm((float*)from, (float*)factors, (float*)to, rows, width, (float)eps);
                break;
            case (DeviceType.CPU, ScalarType.BFloat16):
                HostElementwise.RmsNorm((ushort*)from, (ushort*)factors, (ushort*)to, rows, width, (float)eps);
                break;
            default:
                throw new NotSupportedException($"Layers of {x.dtype} are not computed on {x.device} without its kernels.");
        }

        return result;
    }
}
