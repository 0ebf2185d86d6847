using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>
/// silu(gate) * up. On a CPU libtorch computes the ends of each thread's share with another exponential than the rest, so that an
/// element's last bit depends on how many rows share the batch; here every element is computed alike.
/// </summary>
internal static class GatedSilu
{
    /// <summary>The result takes gate's place.</summary>
    /// <param name="gate">Contiguous.</param>
    /// <param name="up">Of the same shape and type, contiguous.</param>
    /// <param name="kernels">Those of the GPU that both are on; null: they are on none.</param>
    public static Tensor Forward(Tensor gate, Tensor up, RowKernels? kernels)
    {
        if (kernels is not null)
        {
            kernels.Gate(gate, up);
        }
        else
        {
            HostElementwise.GatedSilu(gate, up);
        }

        return gate;
    }
}
