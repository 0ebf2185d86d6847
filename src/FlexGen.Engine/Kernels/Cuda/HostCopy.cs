using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Copies a little between a GPU and pinned host memory by a kernel in the compute stream: at once, in order with what is computed, and
/// beside whatever the copy engines are busy with.
/// </summary>
internal sealed class HostCopy : IDisposable
{
    private const int MostBlocks = 32;
    private readonly CudaKernel copy = KernelSource.Compile("host_exchange.cu", "copy", ScalarType.Float32);

    /// <summary>Copies to or from the GPU.</summary>
    /// <param name="from">An address in pinned host memory or on the GPU.</param>
    /// <param name="to">One in the other.</param>
    /// <param name="bytes">How many, a multiple of 4.</param>
    public void Start(IntPtr from, IntPtr to, long bytes)
    {
        var words = bytes / sizeof(uint);
        copy.LaunchOver(words, MostBlocks, from, to, words);
    }

    public void Dispose() => copy.Dispose();
}
