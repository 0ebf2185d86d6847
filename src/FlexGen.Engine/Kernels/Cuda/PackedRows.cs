using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>Rounds new keys and values on a GPU to the rows of 4-bit numbers that the KV cache keeps: rotated, so that no element stands out.</summary>
/// <param name="format">Of a row.</param>
/// <param name="type">The type of keys and values.</param>
internal sealed class PackedRows(ElementFormat format, ScalarType type) : IDisposable
{
    private const int Threads = 256;
    private readonly Dictionary<(int KvHeads, int HeadDim), (CudaKernel Kernel, long Lanes)> kernels = [];

    /// <summary>Both [rows, RowBytes], uint8, in the current dispose scope.</summary>
    /// <param name="keys">[rows, kvHeads, headDim], whose rows are contiguous.</param>
    /// <param name="values">The same shape, likewise.</param>
    public (Tensor Keys, Tensor Values) Pack(Tensor keys, Tensor values)
    {
        var (rows, kvHeads, headDim) = (keys.shape[0], (int)keys.shape[1], (int)keys.shape[2]);
        var bytes = format.Bytes(kvHeads, headDim);
        var packed = (Keys: empty([rows, bytes], ScalarType.Byte, keys.device), Values: empty([rows, bytes], ScalarType.Byte, keys.device));
        if (rows > 0)
        {
            var (kernel, lanes) = For(kvHeads, headDim);
            kernel.Launch(((int)(((rows * lanes) + Threads - 1) / Threads), 2), Threads, keys.Address(), keys.stride(0), values.Address(), values.stride(0),
                packed.Keys.Address(), packed.Values.Address(), rows);
        }

        return packed;
    }

    public void Dispose()
    {
        foreach (var (kernel, _) in kernels.Values)
        {
            kernel.Dispose();
        }

        kernels.Clear();
    }

    private (CudaKernel Kernel, long Lanes) For(int kvHeads, int headDim)
    {
        if (!kernels.TryGetValue((kvHeads, headDim), out var found))
        {
            var macros = PackedMacros.Of(format, kvHeads, headDim);
            found = (KernelSource.Compile("cache_rows.cu", "pack", type, macros), kvHeads * macros["HEAD_LANES"]);
            kernels.Add((kvHeads, headDim), found);
        }

        return found;
    }
}
