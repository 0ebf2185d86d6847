using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>Where a tensor's elements lie, for what reads and writes them without libtorch, and how they get to a device.</summary>
internal static class TensorMemory
{
    /// <summary>The address of its first element, on its device.</summary>
    public static IntPtr Address(this Tensor tensor) => TensorAddress.Of(tensor.Handle);

    /// <summary>A tensor of host memory as one on a device, in no dispose scope.</summary>
    public static Tensor Upload(this Tensor tensor, Device device)
    {
        // The driver has read pageable memory when the call returns; the compute stream need not have got there.
        return tensor.to(device, non_blocking: true).DetachFromDisposeScope();
    }

    /// <summary>Bytes of its elements.</summary>
    public static long ByteCount(this Tensor tensor) => tensor.numel() * tensor.element_size();

    /// <summary>Bytes from one of its rows, along the first dimension, to the next.</summary>
    public static long RowBytes(this Tensor tensor) => tensor.stride(0) * tensor.element_size();
}
