using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>Root mean square layer normalisation (Zhang and Sennrich, arXiv 1910.07467), in float32 whatever the type of x.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>Elements that are made for each of x, the result's among them: two of float32, and one.</summary>
    /// <param name="wide">Elements of x that take the room of one of float32.</param>
    public static long Elements(long wide) => (2 * wide) + 1;

    /// <summary>
    /// Elements that its operations on a GPU read and write for each of x: of float32 those of the copy, the square, the mean, the product and the result,
    /// and of x's type where it comes from, the result and its product with the weight.
    /// </summary>
    /// <param name="wide">Elements of x that take the room of one of float32.</param>
    public static long Moved(long wide) => (7 * wide) + 4;

    /// <summary>x / sqrt(mean(x^2) + eps) * weight, over the last dimension.</summary>
    public static Tensor Forward(Tensor x, Tensor weight, double eps, ForwardContext context) =>
        x.device.type == DeviceType.CPU && x.dtype is (ScalarType.Float32 or ScalarType.BFloat16) && !weight.requires_grad
            ? OnCpu(x.contiguous(), weight, eps)
            : context.Freeing(() =>
            {
                var wide = x.to(ScalarType.Float32, copy: true);
                wide.mul_(wide.square().mean([-1], keepdim: true).add_(eps).rsqrt_());
                var result = wide.to(x.dtype);
                result.mul_(weight);
                return result;
            });

    private static Tensor OnCpu(Tensor x, Tensor weight, double eps)
    {
        var (result, width) = (empty_like(x), (int)x.shape[^1]);
        var (from, factors, to, rows) = (x.Address(), weight.Address(), result.Address(), x.numel() / width);
        if (x.dtype == ScalarType.Float32)
        {
            HostElementwise.RmsNorm((float*)from, (float*)factors, (float*)to, rows, width, (float)eps);
        }
        else
        {
            HostElementwise.RmsNorm((ushort*)from, (ushort*)factors, (ushort*)to, rows, width, (float)eps);
        }

        return result;
    }
}
