using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>Where a tensor's elements lie, for what reads and writes them without libtorch.</summary>
internal static class TensorMemory
{
    /// <summary>The address of its first element, on its device.</summary>
    public static IntPtr Address(this Tensor tensor) => TensorAddress.Of(tensor.Handle);

    /// <summary>Bytes of its elements.</summary>
    public static long ByteCount(this Tensor tensor) => tensor.numel() * tensor.element_size();
}
