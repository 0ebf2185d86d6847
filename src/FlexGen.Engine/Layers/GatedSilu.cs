using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>
/// silu(gate) * up. On a CPU libtorch computes the ends of each thread's share with another exponential than the rest, so that an
/// element's last bit depends on how many rows share the batch; here every element is computed alike.
/// </summary>
internal static unsafe class GatedSilu
{
    /// <summary>Both contiguous and of one shape and type. The result takes gate's place.</summary>
    public static Tensor Forward(Tensor gate, Tensor up)
    {
        if (gate.device.type != DeviceType.CPU)
        {
            return nn.functional.silu(gate, inplace: true).mul_(up);
        }

        switch (gate.dtype)
        {
            case ScalarType.Float32:
                HostElementwise.GatedSilu((float*)gate.Address(), (float*)up.Address(), gate.numel());
                break;
            case ScalarType.BFloat16:
                HostElementwise.GatedSilu((ushort*)gate.Address(), (ushort*)up.Address(), gate.numel());
                break;
            default:
                throw new NotSupportedException($"Layers of {gate.dtype} are not computed on a CPU.");
        }

        return gate;
    }
}
