using System.Runtime.Intrinsics;
using FlexGen.Engine.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// silu(gate) * up. On a CPU libtorch computes the ends of each thread's share with another exponential than the rest, so that an
/// element's last bit depends on how many rows share the batch; here every element is computed alike.
/// </summary>
internal static unsafe class GatedSilu
{
    private const int Lanes = 8;
    private const int ElementsPerTask = 1 << 14;

    /// <summary>Elements of another type than float32 that are widened at once.</summary>
    private const long ElementsAtOnce = 1 << 20;

    /// <summary>Both contiguous and of one shape and type. The result takes gate's place.</summary>
    public static Tensor Forward(Tensor gate, Tensor up)
    {
        if (gate.device.type != DeviceType.CPU)
        {
            return nn.functional.silu(gate, inplace: true).mul_(up);
        }

        var (all, length) = (gate.numel(), gate.dtype == ScalarType.Float32 ? gate.numel() : ElementsAtOnce);
        for (var first = 0L; first < all; first += length)
        {
            Replace(gate, up, first, Math.Min(length, all - first));
        }

        return gate;
    }

    private static void Replace(Tensor gate, Tensor up, long first, long count)
    {
        using var scope = NewDisposeScope();
        var (place, factor) = (gate.view(-1).narrow(0, first, count), up.view(-1).narrow(0, first, count).to(ScalarType.Float32));
        var wide = place.to(ScalarType.Float32);
        Compute(wide.Address(), factor.Address(), wide.Address(), count);
        if (gate.dtype != ScalarType.Float32)
        {
            place.copy_(wide);
        }
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
