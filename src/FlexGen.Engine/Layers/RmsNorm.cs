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
    public static void InPlace(Tensor x, Tensor weight, double eps) => OnCpu(x, null, weight, x, eps);

    private static Tensor OnCpu(Tensor x, Tensor? added, Tensor weight, double eps)
    {
        var result = empty_like(x);
        OnCpu(x, added, weight, result, eps);
        return result;
    }

    private static void OnCpu(Tensor x, Tensor? added, Tensor weight, Tensor result, double eps)
    {
        var (from, addends, factors, to, width) = (x.Address(), added?.Address() ?? 0, weight.Address(), result.Address(), (int)x.size(-1));
        var rows = x.numel() / width;
        switch ((x.device.type, x.dtype))
        {
            case (DeviceType.CPU, ScalarType.Float32):
                HostElementwise.RmsNorm((float*)from, (float*)addends, (float*)factors, (float*)to, rows, width, (float)eps);
                break;
            case (DeviceType.CPU, ScalarType.BFloat16):
                HostElementwise.RmsNorm((ushort*)from, (ushort*)addends, (ushort*)factors, (ushort*)to, rows, width, (float)eps);
                break;
            default:
                throw new NotSupportedException($"Layers of {x.dtype} are not computed on {x.device} without its kernels.");
        }
    }
}
