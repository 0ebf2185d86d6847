using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>Takes rows between a GPU and pinned host memory by kernels, beside whatever the copy engines are busy with.</summary>
internal sealed class HostExchange(ScalarType type) : IDisposable
{
    private const int MostBlocks = 132;
    private readonly CudaKernel give = KernelSource.Compile("host_exchange.cu", "give", type);
    private readonly CudaKernel take = KernelSource.Compile("host_exchange.cu", "take", type);

    /// <summary>Gives the host the first rows of contiguous tensors.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="query">[rows or more, heads, headDim]; in host memory float32.</param>
    /// <param name="keys">[rows or more, kvHeads, headDim], or the bytes of as many rows.</param>
    /// <param name="values">The same.</param>
    /// <param name="to">Where they go in host memory.</param>
    public void Give(int rows, Tensor query, Tensor keys, Tensor values, (IntPtr Query, IntPtr Keys, IntPtr Values) to)
    {
        var (queryElements, keyElements) = (rows * query.shape[1] * query.shape[2], rows * keys.RowBytes() / query.element_size());
        give.LaunchOver(queryElements, MostBlocks, query.Address(), keys.Address(), values.Address(), to.Query, to.Keys, to.Values, queryElements, keyElements);
    }

    /// <summary>Fills a contiguous tensor with as many float32 elements from host memory.</summary>
    public void Take(IntPtr from, Tensor output) => take.LaunchOver(output.numel(), MostBlocks, from, output.Address(), output.numel());

    public void Dispose()
    {
        give.Dispose();
        take.Dispose();
    }
}
