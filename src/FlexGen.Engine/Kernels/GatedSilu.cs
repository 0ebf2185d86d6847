using System.Runtime.Intrinsics;
using FlexGen.Engine.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels;

/// <summary>
/// silu(gate) * up. On a CPU libtorch computes the ends of each thread's share with another exponential than the rest, so that an
/// element's last bit depends on how many rows share the batch; here every element is computed alike.
/// </summary>
internal static unsafe class GatedSilu
{
    private const int Lanes = 8;
    private const int ElementsPerTask = 1 << 14;

    /// <summary>Both of one shape and type; so is the result, which on a GPU takes gate's place.</summary>
    public static Tensor Forward(Tensor gate, Tensor up)
    {
        if (gate.requires_grad || up.requires_grad)
        {
            return nn.functional.silu(gate) * up;
        }

        if (gate.device.type != DeviceType.CPU)
        {
            return nn.functional.silu(gate, inplace: true).mul_(up);
        }

        var (g, u) = (gate.to(ScalarType.Float32).contiguous(), up.to(ScalarType.Float32).contiguous());
        var output = empty_like(g);
        Compute(g.Address(), u.Address(), output.Address(), g.numel());
        return output.to(gate.dtype);
    }

    private static void Compute(IntPtr gate, IntPtr up, IntPtr output, long length)
    {
        if (length <= ElementsPerTask)
        {
            Part(0);
        }
        else
        {
            Parallel.For(0, (length + ElementsPerTask - 1) / ElementsPerTask, Part);
        }

        void Part(long part)
        {
            var first = part * ElementsPerTask;
            var count = (int)Math.Min(ElementsPerTask, length - first);
            Compute((float*)gate + first, (float*)up + first, (float*)output + first, count);
        }
    }

    private static void Compute(float* gate, float* up, float* output, int count)
    {
        var whole = count / Lanes * Lanes;
        for (var n = 0; n < whole; n += Lanes)
        {
            Compute(Vector256.Load(gate + n), Vector256.Load(up + n)).Store(output + n);
        }

        var (lastGate, lastUp) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var n = whole; n < count; n++)
        {
            (lastGate, lastUp) = (lastGate.WithElement(n - whole, gate[n]), lastUp.WithElement(n - whole, up[n]));
        }

        var last = Compute(lastGate, lastUp);
        for (var n = whole; n < count; n++)
        {
            output[n] = last[n - whole];
        }
    }

    private static Vector256<float> Compute(Vector256<float> gate, Vector256<float> up) =>
        gate / (Vector256<float>.One + Vector256.Exp(-gate)) * up;
}
