using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>Where a tensor's elements lie, for what reads and writes them without libtorch, and how they get to a device.</summary>
internal static class TensorMemory
{
    /// <summary>The address of its first element, on its device.</summary>
    public static IntPtr Address(this Tensor tensor) => TensorAddress.Of(tensor.Handle);

    /// <summary>Of pageable memory the driver takes no more with the command itself; for more it may wait until the stream gets there.</summary>
    private const long TakenAtOnce = 64 << 10;

    /// <summary>A tensor of host memory as one on a device, in no dispose scope. No thread waits for the device.</summary>
    public static Tensor Upload(this Tensor tensor, Device device)
    {
        if (device.type != TorchSharp.DeviceType.CPU && tensor.ByteCount() > TakenAtOnce)
        {
            // Libtorch keeps pinned memory until its copy is made.
            using var pinned = tensor.pin_memory();
            return pinned.to(device, non_blocking: true).DetachFromDisposeScope();
        }

        // The driver has read pageable memory when the call returns.
        return tensor.to(device, non_blocking: true).DetachFromDisposeScope();
    }

    /// <summary>Bytes of its elements.</summary>
    public static long ByteCount(this Tensor tensor) => tensor.numel() * tensor.element_size();

    /// <summary>Bytes from one of its rows, along the first dimension, to the next.</summary>
    public static long RowBytes(this Tensor tensor) => tensor.stride(0) * tensor.element_size();
}
